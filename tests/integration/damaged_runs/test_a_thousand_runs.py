"""A thousand runs are many, and no reason to fail."""

import math
from dataclasses import replace

from tests.data_factories.benchmark_run import a_run, results_of

from yoyak.analysis.compare import compare
from yoyak.analysis.rates import of_values
from yoyak.records import Perf, Rate

HOSTS = 1000


def another_host(perf: Perf, number: int) -> Perf:
    """The run as a host of its own type and speed would have had it, with noise of 1 %."""

    def scaled(rate: Rate) -> Rate:
        noise = [1 + 0.01 * math.sin(number + i) for i in range(len(rate.repetition_values))]
        speed = 1 + number / HOSTS
        values = [v * n * speed for v, n in zip(rate.repetition_values, noise, strict=True)]
        return of_values(values, rate.source or "client")

    names = perf.rates.__dataclass_fields__
    return replace(
        perf,
        run_id=f"run-{number}",
        host={"instance_type": f"f{number % 40}.{number // 40}xlarge", "hostname": f"h{number}"},
        rates=replace(perf.rates, **{name: scaled(getattr(perf.rates, name)) for name in names}),
        cost=replace(perf.cost, usd_per_1000_articles=None, usd_per_hour=1.0 + number),
    )


def test_a_thousand_runs_are_compared() -> None:
    perf = results_of(a_run(articles=4, repetitions=5, output_tokens=5, samples_per_s=0))
    comparison = compare([another_host(perf, number) for number in range(HOSTS)])
    assert len(comparison.verdicts) == HOSTS - 1
    (decode,) = [m for m in comparison.metrics if m.key == "decode_tokens_per_s"]
    fastest = next(c for c in decode.contrasts if c.label == "f39.24xlarge")
    assert fastest.outcome == "faster"
    assert len([label for group in decode.ranking for label in group]) == HOSTS
