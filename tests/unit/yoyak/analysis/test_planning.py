import numpy as np
import pytest
from scipy import stats

from yoyak.analysis.planning import power, repetitions_needed


def test_the_default_run_finds_five_percent_at_two_percent_noise() -> None:
    assert repetitions_needed(2) == 5


def test_the_power_agrees_with_a_simulation() -> None:
    draw = np.random.default_rng(7)
    a = draw.normal(np.log(1.05), 0.02, (20_000, 4))
    b = draw.normal(0, 0.02, (20_000, 4))
    found = np.mean(stats.ttest_ind(a, b, axis=1).pvalue <= 0.05)
    assert power(4) == pytest.approx(found, abs=0.01)  # 3.6 standard errors of the simulation


def test_more_hosts_need_more_repetitions() -> None:
    needed = [repetitions_needed(hosts) for hosts in (2, 3, 5, 10, 50)]
    assert needed == sorted(needed)
    assert needed[-1] > needed[0]


def test_without_an_effect_the_power_is_the_false_alarm_rate() -> None:
    assert power(5, effect=0.0, alpha=0.05) == pytest.approx(0.05)


def test_one_repetition_finds_nothing() -> None:
    assert power(1) == 0


def test_a_hopeless_plan_is_said_to_be_one() -> None:
    with pytest.raises(ValueError, match="too large"):
        repetitions_needed(2, effect=0.001, noise_sd=0.5)
    with pytest.raises(ValueError, match="two hosts"):
        repetitions_needed(1)
