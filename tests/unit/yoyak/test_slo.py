import pytest

from yoyak.errors import UsageError
from yoyak.slo import parse_slo, slo_text


def test_a_target_names_latency_percentile_and_limit() -> None:
    (target,) = parse_slo("ttft_p95=2s")
    assert target.name == "ttft_p95"
    assert target.latency == "time_to_first_token_s"
    assert (target.probability, target.limit_s) == (0.95, 2.0)


def test_several_targets_have_one_form_whatever_their_units() -> None:
    targets = parse_slo(" tpot_p90=80ms, e2e_p99 = 1m,duration_p50=20")
    assert slo_text(targets) == "tpot_p90=0.08s,e2e_p99=60s,duration_p50=20s"
    assert parse_slo(slo_text(targets)) == targets


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "--slo is empty"),
        ("ttft=2s", '--slo "ttft=2s" is no target; it takes ttft|tpot|e2e'),
        ("itl_p95=2s", "is no target"),
        ("ttft_p96=2s", "p96 is not shown; take one of p50, p90, p95, p99"),
        ("ttft_p95=soon", 'a limit is a duration such as "2s"'),
        ("ttft_p95=0", "a limit is a duration"),
        ("ttft_p95=-1s", "a limit is a duration"),
        ("ttft_p95=1s,ttft_p95=2s", "names ttft_p95 twice"),
    ],
)
def test_what_is_no_target_is_told_in_one_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_slo(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
