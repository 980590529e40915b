import pytest

from yoyak.bench.eta import duration_words, guess_run_s


def test_the_guess_meets_the_measured_7b_rates_within_a_factor_of_two() -> None:
    # Measured on 2 cores: 1,000 prompt tokens at 10.3/s and 200 tokens at 5.9/s are 131 s.
    guess = guess_run_s(
        prompt_tokens=[1000],
        output_tokens=200,
        parameters=7_240_000_000,
        size_bytes=4_108_917_184,
        threads=2,
        repetitions=1,
        warmup=0,
    )
    load_s = 4_108_917_184 / 500e6
    assert 131 / 2 < guess - load_s < 131 * 2


def test_repetitions_and_warmup_multiply_the_work() -> None:
    shape = {"output_tokens": 10, "parameters": 10**9, "size_bytes": 10**9, "threads": 2}
    once = guess_run_s(prompt_tokens=[100, 100], repetitions=1, warmup=0, **shape)
    assert guess_run_s(prompt_tokens=[100, 100], repetitions=3, warmup=0, **shape) == 3 * once
    load_s = 10**9 / 500e6
    warmed = guess_run_s(prompt_tokens=[100, 100], repetitions=1, warmup=2, **shape)
    assert warmed - load_s == pytest.approx(2 * (once - load_s))


@pytest.mark.parametrize(
    ("seconds", "words"), [(40, "40 s"), (89.4, "89 s"), (720, "12 min"), (12_600, "3.5 h")]
)
def test_durations_are_told_in_the_unit_that_fits(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words
