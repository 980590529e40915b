import pytest

from yoyak.bench.calibrate import GAP_S, late_ruler_words
from yoyak.records import CalibrationLevel, StampError

NONE = StampError(n=0, bias_s=None, p50_s=None, p99_s=None, max_s=None)


def level(late_s: float | None) -> CalibrationLevel:
    return CalibrationLevel(
        concurrency=1024,
        requests=0,
        failed=0,
        time_to_first_token=NONE,
        inter_chunk_latency=NONE,
        end_to_end=NONE,
        output_tokens_per_s=None,
        client_cpu_s_per_1000_tokens=None,
        client_cpu_percent=None,
        client_rss_peak_bytes=None,
        ruler_lateness_p99_s=late_s,
        is_saturated=False,
    )


@pytest.mark.parametrize("late_s", [None, 0.0, 0.9 * GAP_S])
def test_a_ruler_that_keeps_up_is_not_worth_a_word(late_s: float | None) -> None:
    assert late_ruler_words(level(late_s)) is None


def test_a_ruler_that_falls_behind_is_told() -> None:
    words = late_ruler_words(level(1.5))
    assert words is not None
    assert words.startswith("1024 streams are more than the ruler can play on its core")
    assert "1.5 s late at p99" in words
