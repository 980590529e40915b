from pathlib import Path
from typing import Any

import yaml

from yoyak.bench.stack.hub import Hub
from yoyak.bench.stack.prometheus_config import prometheus_configuration

BASE = Path(__file__).parents[5] / "docker/prometheus/prometheus.yml"


def made(hub: Hub | None) -> dict[str, Any]:
    text = prometheus_configuration(
        BASE.read_text(), hub, rules="/etc/prometheus", secrets="/configuration"
    )
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def a_hub(**also: object) -> Hub:
    fields = {"url": "https://h/api/v1/write", "host": "i-1", "user": "yoyak", "traces_url": None}
    return Hub(**{**fields, "has_certificate": True, **also})  # type: ignore[arg-type] # fields by name


def test_without_a_hub_only_the_rules_paths_change() -> None:
    base = yaml.safe_load(BASE.read_text())
    rules = ["/etc/prometheus/rules/*.yml", "/etc/prometheus/thresholds/*.yml"]
    assert made(None) == {**base, "rule_files": rules}


def test_a_hub_gets_every_sample_but_the_results_of_rules() -> None:
    (remote,) = made(a_hub())["remote_write"]
    assert remote["url"] == "https://h/api/v1/write"
    assert remote["send_exemplars"] is True
    assert remote["basic_auth"] == {
        "username": "yoyak",
        "password_file": "/configuration/hub-password",
    }
    assert remote["tls_config"] == {"ca_file": "/configuration/hub-ca.pem"}
    assert remote["write_relabel_configs"][0]["action"] == "drop"


def test_a_hub_tells_hosts_of_one_type_apart() -> None:
    labels = made(a_hub())["global"]["external_labels"]
    assert labels == {"host": "i-1"}


def test_amazons_store_takes_a_signature_in_place_of_a_password() -> None:
    hub = a_hub(sigv4_region="ap-northeast-2", has_certificate=False)
    (remote,) = made(hub)["remote_write"]
    assert remote["sigv4"] == {"region": "ap-northeast-2"}
    assert not {"basic_auth", "tls_config"} & set(remote)
