"""Whether a perf.json can be true: ranges, orders, and values that must agree with each other."""

import math
from collections.abc import Iterator
from dataclasses import fields

from yoyak.records.perf import Distribution, Interval, Perf, Rate, Resources, Sweep, Totals
from yoyak.records.soundness import (
    LEAST_S,
    MOST_COUNT,
    MOST_S,
    check_count,
    check_host,
    check_moment,
    check_name,
    check_span,
    check_workload,
    unsound,
)
from yoyak.units import PERCENT

_SAME = 1e-6  # relative; sums in another order differ by far less
_ROUNDED = 0.501  # characters: a mean is stored as a whole number; slack for binary fractions
_TICKS = 0.05  # counters of the kernel are read one after the other, in steps of 10 ms
_OF_ALL = ("host_cpu_percent", "host_steal_percent", "cpu_pressure_percent")
_SECONDS_PER_HOUR = 3600
_ARTICLES = 1000
_MOST_RATE = MOST_COUNT / LEAST_S
_MAY_BE_NEGATIVE = "queue_and_overhead_s"  # a difference of two clocks


def check_perf(perf: Perf, where: str) -> None:
    """Raise UsageError where the results of a run cannot be those of any run; says in what.

    Args:
        perf: without NaN and infinities: see `soundness.check_finite`.
        where: names the file or the run in the message.
    """
    for name, text in (
        ("run_id", perf.run_id),
        ("engine.name", perf.engine.name),
        ("model.name", perf.model.name),
    ):
        check_name(where, name, text)
    check_moment(where, "started_at", perf.started_at)
    check_moment(where, "finished_at", perf.finished_at)
    check_host(where, perf.host)
    check_workload(where, perf.workload)
    if perf.engine.model != perf.model:
        raise unsound(where, "model and engine.model are not the same")
    _check_totals(where, perf.totals)
    _check_loads(where, perf)
    for field in fields(perf.latency):
        _check_distribution(where, field.name, getattr(perf.latency, field.name))
    for field in fields(perf.rates):
        _check_rate(where, f"rates.{field.name}", getattr(perf.rates, field.name))
    _check_resources(where, perf.resources)
    _check_cost(where, perf)
    if perf.sweep is not None:
        _check_sweep(where, perf.sweep)


def _check_totals(where: str, totals: Totals) -> None:
    for field in fields(totals):
        value, name = getattr(totals, field.name), f"totals.{field.name}"
        if field.name.endswith("_ci95"):
            of = field.name.removesuffix("_ci95")
            _check_interval(where, f"totals.{of}", getattr(totals, of), value)
        elif field.name.endswith("_per_total_s") and value != 0:  # nothing was written
            _check_positive(where, name, value, most=_MOST_RATE)
        elif field.name in ("total_s", "total_with_load_s"):
            check_span(where, name, value)
        else:
            check_count(where, name, value)
    for rate, chars, rounded in (
        (totals.prompt_chars_per_total_s, totals.prompt_chars, _ROUNDED),
        (totals.output_chars_per_total_s, totals.output_chars, 0.0),
    ):
        _check_agrees(
            where, "a rate over total_with_load_s", rate, chars, totals.total_with_load_s, rounded
        )
    if (totals.failed or 0) > (totals.requests or 0):
        raise unsound(where, f"{totals.failed} of {totals.requests} requests failed")
    if (totals.total_s or 0) > (totals.total_with_load_s or math.inf):
        raise unsound(where, "totals.total_s is longer than totals.total_with_load_s")


def _check_loads(where: str, perf: Perf) -> None:
    load = perf.model_load
    if load.n != len(load.values_s):
        raise unsound(where, f"model_load.n is {load.n} for {len(load.values_s)} values")
    for value in load.values_s:
        check_span(where, "model_load.values_s", value)


def _check_distribution(where: str, name: str, found: Distribution) -> None:
    path = f"latency.{name}"
    check_count(where, f"{path}.n", found.n)
    points = [
        value
        for value in (found.min, found.p50, found.p90, found.p95, found.p99, found.max)
        if value is not None
    ]
    if found.n == 0 and (points or found.mean is not None or found.ci95 is not None):
        raise unsound(where, f"{path} has values of 0 requests")
    if points != sorted(points):
        raise unsound(where, f"{path} is not in order from min over percentiles to max")
    if found.mean is not None and points and not _within(found.mean, (points[0], points[-1])):
        raise unsound(where, f"{path}.mean lies outside of min and max")
    least = -MOST_S if name == _MAY_BE_NEGATIVE else 0.0
    for value in (*points, *_known(found.mean)):
        if not least <= value <= MOST_S:
            raise unsound(where, f"{path} holds {value}, which is no latency in seconds")
    _check_interval(where, path, found.mean, found.ci95)


def _check_rate(where: str, name: str, rate: Rate) -> None:
    values = rate.repetition_values
    for value in (*values, *_known(rate.value)):
        _check_positive(where, name, value, most=_MOST_RATE)
    if rate.n != len(values):
        raise unsound(where, f"{name}.n is {rate.n} for {len(values)} repetitions")
    if (rate.value is None) != (not values):
        raise unsound(where, f"{name} has repetitions without a value, or a value without them")
    if rate.value is not None:
        mean = sum(map(math.log, values)) / len(values)
        if abs(math.log(rate.value) - mean) > _SAME:
            raise unsound(where, f"{name}.value is not the geometric mean of its repetitions")
    if rate.value is not None and rate.source is None:
        raise unsound(where, f"{name} does not say whose clock it rests on")
    _check_interval(where, name, rate.value, rate.ci95)


def _check_interval(where: str, name: str, value: float | None, interval: Interval | None) -> None:
    if interval is None:
        return
    if interval[0] > interval[1]:
        raise unsound(where, f"the interval of {name} ends before it begins")
    # A latency's mean is over requests and its interval over repetitions, so of repetitions of
    # unlike size the mean may lie outside; with no value at all there is nothing to bound.
    if value is None:
        raise unsound(where, f"the interval of {name} is one of nothing")


def _check_resources(where: str, used: Resources) -> None:
    for field in fields(used):
        value = getattr(used, field.name)
        if field.name == "gpus":
            continue
        check_count(where, f"resources.{field.name}", value)
        if field.name in _OF_ALL and value is not None and value > PERCENT * (1 + _TICKS):
            raise unsound(where, f"resources.{field.name} is {value}, over 100 percent")
    for gpu in used.gpus:
        check_name(where, "resources.gpus.name", gpu.name)
        ratio = gpu.utilization_mean_ratio
        if ratio is not None and not 0 <= ratio <= 1:
            raise unsound(where, f"resources.gpus.utilization_mean_ratio is {ratio}")
        for value in _known(
            gpu.memory_peak_bytes, gpu.power_mean_w, gpu.energy_j, gpu.temperature_max_c
        ):
            check_count(where, "resources.gpus", value)


def _check_cost(where: str, perf: Perf) -> None:
    for field in fields(perf.cost):
        if field.name != "price_source":
            value = getattr(perf.cost, field.name)
            _check_positive(where, f"cost.{field.name}", value, most=float(MOST_COUNT))
    hour, thousand = perf.cost.usd_per_hour, perf.cost.usd_per_1000_articles
    pace = perf.rates.requests_per_s.value
    per_hour = None if pace is None else pace * _SECONDS_PER_HOUR / _ARTICLES
    _check_agrees(where, "cost.usd_per_1000_articles", thousand, hour, per_hour)


def _check_sweep(where: str, sweep: Sweep) -> None:
    for target in sweep.targets:
        check_name(where, "sweep.targets.name", target.name)
        if not 0 < target.probability < 1:
            raise unsound(where, f"sweep.targets.probability is {target.probability}")
        _check_positive(where, "sweep.targets.limit_s", target.limit_s, most=MOST_S)
    for step in sweep.steps:
        name = f"sweep.steps of repetition {step.repetition}"
        _check_positive(where, f"{name}: rate_per_s", step.rate_per_s, most=_MOST_RATE)
        _check_positive(where, f"{name}: finished_per_s", step.finished_per_s, most=_MOST_RATE)
        check_count(where, f"{name}: planned", step.planned, least=1)
        check_count(where, f"{name}: failed", step.failed)
        if step.failed > step.sent:
            raise unsound(where, f"{name}: {step.failed} of {step.sent} requests failed")
        for one in step.targets:
            check_name(where, f"{name}: target", one.name)
            check_count(where, f"{name}: over", one.over)
            check_span(where, f"{name}: percentile_s", one.percentile_s)
            low, high = one.over_ratio_ci95 or (0.0, 1.0)
            if not 0 <= low <= high <= 1 or one.over > step.sent:
                raise unsound(where, f"{name}: {one.over} of {step.sent} over, {low} to {high}")
    rates = {True: [0.0], False: [math.inf]}
    for step in sweep.steps:
        rates[step.met].append(step.rate_per_s)
    stated = (sweep.highest_met_per_s or 0.0, sweep.lowest_missed_per_s or math.inf)
    if stated != (max(rates[True]), min(rates[False])):
        raise unsound(where, "sweep's rates are not those of its steps")


def _check_positive(where: str, name: str, value: float | None, *, most: float) -> None:
    if value is not None and not 1 / most <= value <= most:
        raise unsound(where, f"{name} is {value}, which is not above 0 or beyond reach")


def _check_agrees(
    where: str,
    name: str,
    stated: float | None,
    above: float | None,
    below: float | None,
    above_is_within: float = 0.0,
) -> None:
    """Raise UsageError where a quotient is stated that is not that of its stated parts."""
    if stated is None or above is None or not below:
        return
    if not math.isclose(stated, above / below, rel_tol=_SAME, abs_tol=above_is_within / below):
        raise unsound(where, f"{name} is {stated} and its parts make {above / below}")


def _known(*values: float | None) -> Iterator[float]:
    return (value for value in values if value is not None)


def _within(value: float, bounds: Interval) -> bool:
    slack = _SAME * max(abs(bounds[0]), abs(bounds[1]))
    return bounds[0] - slack <= value <= bounds[1] + slack
