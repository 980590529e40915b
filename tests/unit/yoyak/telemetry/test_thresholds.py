"""Thresholds as a person writes them, and as Prometheus reads them."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from yoyak.errors import UsageError
from yoyak.telemetry.thresholds import (
    THRESHOLDS,
    parse_rules,
    parse_setting,
    read_thresholds,
    rules_text,
    write_thresholds,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ttft_p95=2s", ("ttft_p95", 2.0)),
        ("ttft_p95=500ms", ("ttft_p95", 0.5)),
        ("duration_p95 = 1.5m", ("duration_p95", 90.0)),
        ("engine_down=1h", ("engine_down", 3600.0)),
        ("error_ratio=5%", ("error_ratio", 0.05)),
        ("error_ratio=0.05", ("error_ratio", 0.05)),
        ("memory=100%", ("memory", 1.0)),
        ("token_rate=4/s", ("token_rate", 4.0)),
        ("token_rate=4", ("token_rate", 4.0)),
        ("queue_depth=8", ("queue_depth", 8.0)),
        ("queue_depth=0", ("queue_depth", 0.0)),
        ("ttft_p95=default", ("ttft_p95", 10.0)),
    ],
)
def test_a_setting_is_read_in_its_own_unit(text: str, expected: tuple[str, float]) -> None:
    assert parse_setting(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ttft_p95=2", 'ttft_p95 is "2"; it takes a duration such as "2s"'),
        ("ttft_p95=-2s", "it takes a duration"),
        ("ttft_p95=2%", "it takes a duration"),
        ("ttft_p95=infs", "it takes a duration"),
        ("ttft_p95=nans", "it takes a duration"),
        ("error_ratio=5", 'error_ratio is "5"; it takes a share such as "5%"'),
        ("error_ratio=120%", "it takes a share"),
        ("memory=1s", "it takes a share"),
        ("token_rate=4/min", "it takes a rate"),
        ("queue_depth=many", "it takes a number"),
        ("ttft_p95", "ttft_p95 needs a value"),
        ("ttft_p95=", "ttft_p95 needs a value"),
        ("ttft=2s", '"ttft" is no threshold'),
        ("=2s", '"" is no threshold'),
    ],
)
def test_a_wrong_name_or_unit_is_refused_with_what_it_takes(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("(", r"\(")):
        parse_setting(text)


def test_the_file_is_yaml_with_one_recording_rule_a_threshold() -> None:
    (group,) = yaml.safe_load(rules_text({"ttft_p95": 2.0}))["groups"]
    written = {rule["labels"]["name"]: rule["expr"] for rule in group["rules"]}
    assert set(written) == set(THRESHOLDS)
    assert written["ttft_p95"] == "vector(2.0)"
    assert {rule["record"] for rule in group["rules"]} == {"yoyak_alert_threshold"}


@given(
    st.dictionaries(
        st.sampled_from(sorted(THRESHOLDS)),
        st.floats(min_value=0, allow_nan=False, allow_infinity=False),
    )
)
def test_what_is_written_reads_back_as_the_same_numbers(values: dict[str, float]) -> None:
    assert parse_rules(rules_text(values), where="") == {
        name: values.get(name, threshold.default) for name, threshold in THRESHOLDS.items()
    }


def test_a_threshold_that_the_file_lacks_has_its_default() -> None:
    first_rule = "".join(rules_text({"ttft_p95": 2.0}).splitlines(keepends=True)[:7])
    read = parse_rules(first_rule, where="")
    assert read["ttft_p95"] == 2.0
    assert read["memory"] == 0.9


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        ("hello\n", "hello"),
        (rules_text({}).replace("ttft_p95", "first_token"), "first_token"),
        (rules_text({}).replace("vector(10.0)", "vector(ten)"), "- record"),
        (rules_text({}) + "  - name: mine\n", "- name: mine"),
    ],
)
def test_a_file_that_somebody_else_wrote_is_left_alone(broken: str, named: str) -> None:
    with pytest.raises(UsageError, match=f'a.yml was not written by.*"{named}'):
        parse_rules(broken, where="a.yml")


def test_a_file_that_is_missing_is_a_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_thresholds(tmp_path / "none.yml")


def test_writing_makes_the_folder_and_a_file_that_prometheus_may_read(tmp_path: Path) -> None:
    path = tmp_path / "rules" / "thresholds.yml"
    write_thresholds(path, {"memory": 0.5})
    assert read_thresholds(path)["memory"] == 0.5
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(path.parent.iterdir()) == [path]


def test_the_committed_file_is_as_we_write_it() -> None:
    path = Path(__file__).parents[4] / "docker/prometheus/thresholds/thresholds.yml"
    assert path.read_text() == rules_text(read_thresholds(path))
