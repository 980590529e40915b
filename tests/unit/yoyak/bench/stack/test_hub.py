from pathlib import Path

import pytest

from yoyak.bench.stack.hub import hub_from, receiver_url, traces_url
from yoyak.errors import UsageError


@pytest.mark.parametrize(
    ("address", "receiver"),
    [
        ("https://hub:9443", "https://hub:9443/api/v1/write"),
        ("https://hub:9443/", "https://hub:9443/api/v1/write"),
        ("https://mimir/api/v1/push", "https://mimir/api/v1/push"),
    ],
)
def test_an_address_without_a_path_is_a_hub_of_ours(address: str, receiver: str) -> None:
    assert receiver_url(address) == receiver


@pytest.mark.parametrize("address", ["http://hub:9090", "hub:9443", "https://", "https://a:b@hub"])
def test_what_would_show_a_password_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="https:// address"):
        receiver_url(address)


@pytest.mark.parametrize(
    ("told", "hub", "expected"),
    [
        ("", "https://hub:9443", "https://hub:9444/v1/traces"),
        ("", "https://[fd00::1]:9443", "https://[fd00::1]:9444/v1/traces"),
        ("", "https://mimir/api/v1/push", None),
        ("none", "https://hub:9443", None),
        ("https://tempo:443", "https://mimir/api/v1/push", "https://tempo:443/v1/traces"),
        ("https://tempo/otlp/v1/traces", "https://hub", "https://tempo/otlp/v1/traces"),
    ],
)
def test_spans_go_beside_the_samples_of_a_hub_of_ours(
    told: str, hub: str, expected: str | None
) -> None:
    assert traces_url(told, hub=hub) == expected


def test_a_trace_store_in_clear_text_is_refused() -> None:
    with pytest.raises(UsageError, match="YOYAK_HUB_TRACES is"):
        traces_url("http://tempo:4318", hub="https://hub")


def test_a_hub_without_a_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="YOYAK_HUB_PASSWORD_FILE"):
        hub_from(tmp_path, {"YOYAK_HUB": "https://hub:9443"})


def test_without_an_address_there_is_no_hub(tmp_path: Path) -> None:
    assert hub_from(tmp_path, {"YOYAK_HUB": ""}) is None
