from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from yoyak.analysis.drift import adjusted_log_steps, drift_across, drift_within, outliers
from yoyak.analysis.repetitions import measured_repetitions
from yoyak.records import RequestRecord

MakeRecords = Callable[..., tuple[RequestRecord, ...]]


def test_drift_over_the_run_is_the_slope_test_of_scipy() -> None:
    rates = (10.0, 9.9, 9.95, 9.7, 9.65, 9.5)
    reference = stats.linregress(range(6), -np.log(rates))
    found = drift_across(rates)
    assert found is not None
    assert found.change == pytest.approx(np.expm1(reference.slope * 5))
    assert found.p_value == pytest.approx(reference.pvalue)


def test_three_repetitions_are_too_few_for_a_line() -> None:
    assert drift_across((10.0, 9.0, 8.0)) is None


def test_a_perfectly_steady_host_has_no_drift_to_test(make_records: MakeRecords) -> None:
    assert drift_across((10.0,) * 5) is None
    steady = measured_repetitions(make_records(3, ("a", "b")), open_loop=False)
    assert drift_within(steady) is None


def test_quiet_noise_is_seldom_called_drift() -> None:
    draw = np.random.default_rng(3)
    runs = np.exp(draw.normal(2, 0.02, (2000, 5)))
    alarms = [d for rates in runs if (d := drift_across(rates)) is not None and d.is_clear]
    assert len(alarms) / 2000 < 0.02  # the test's own level is 0.01


def test_articles_that_differ_are_no_outliers(make_records: MakeRecords) -> None:
    records = tuple(
        replace(r, decode_s=3.0 if r.article_id == "b" else 1.0)
        for r in make_records(5, ("a", "b"))
    )
    repetitions = measured_repetitions(records, open_loop=False)
    assert outliers(repetitions) == ()
    assert set(adjusted_log_steps(repetitions).values()) == {0.0}


def test_few_requests_name_no_outlier(make_records: MakeRecords) -> None:
    first, *rest = make_records(2, ("a", "b"))
    slow = (replace(first, decode_s=9.0), *rest)
    assert outliers(measured_repetitions(slow, open_loop=False)) == ()
