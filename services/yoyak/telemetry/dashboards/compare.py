"""Compare instances: finished runs and live hosts side by side, by instance type."""

from dataclasses import replace

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from yoyak.telemetry import names, run_gauges
from yoyak.telemetry.dashboards import frame, panels
from yoyak.telemetry.dashboards.frame import OF_MODEL, OF_RUN, OF_TYPE, WINDOW, Row
from yoyak.telemetry.dashboards.panels import Column, Query, Text, bars, instant_table, lines
from yoyak.telemetry.promql import MEASURED, by, rate, selector, sorted_by_value
from yoyak.telemetry.rules import (
    CPU_STEAL,
    ERROR_RATIO,
    OUTPUT_CHARS_RATE_OF_TYPE,
    TTFT_P95,
    TTFT_P95_OF_TYPE,
    threshold,
)
from yoyak.telemetry.run_gauges import ENGINE, MODEL, RUN_ID, SEVERITY, STATISTIC, RunGauge
from yoyak.units import MS_PER_S

UID = "yoyak-compare"
TITLE = "yoyak / Compare instances"

_TYPE = (names.INSTANCE_TYPE,)
_TYPE_AND_MODEL = (names.INSTANCE_TYPE, MODEL)
_LEGEND = "{{instance_type}} {{model}}"
_LIVE_LEGEND = "{{instance_type}}"
_MEAN = f'{STATISTIC}="mean"'


def compare() -> str:
    """Return the dashboard's JSON text."""
    return frame.build(
        uid=UID,
        title=TITLE,
        description=(
            "Which machine should run this model? Finished runs, those of hosts long gone too, "
            "and live hosts. `yoyak compare` says which of the differences are real."
        ),
        variables=[frame.instance_type(), frame.model(), frame.run()],
        rows=[_the_old_study(), _trusted(), _runs(), _live()],
        time_from="now-1h",
        refresh="30s",  # finished runs are scraped every 15 s, and a hub has many hosts
    )


def _bar(
    gauge: RunGauge,
    text: Text,
    *matchers: str,
    width: int = 8,
    aggregate: str = "avg",
    largest_first: bool = False,
) -> Builder[Panel]:
    """Return a bar a type and model, the better ones first: smaller is, unless said otherwise."""
    of = selector(gauge.metric, OF_RUN, *matchers)
    ordered = sorted_by_value(by(_TYPE_AND_MODEL, of, aggregate), largest_first=largest_first)
    return bars(text, Query(ordered, _LEGEND), width=width)


def _the_old_study() -> Row:
    return Row(
        "Finished runs, by the old study's definitions (loading inside the total)",
        [
            _bar(
                run_gauges.RUN_TOTAL_WITH_LOAD,
                Text(
                    title="Total time",
                    description="One pass over the articles with the model's load before it, mean "
                    "of the runs. It grows with the length of what was written: compare only "
                    "runs of the same output length.",
                    unit=panels.Seconds,
                ),
                width=6,
            ),
            _bar(
                run_gauges.RUN_PROMPT_CHARS_PER_TOTAL,
                Text(
                    title="Prompt characters per total second",
                    description="Prompt characters over the total time, mean of the runs. The "
                    "total holds loading and decoding, so this is no reading speed.",
                    unit=panels.CharsPerSecond,
                ),
                width=6,
                largest_first=True,
            ),
            _bar(
                run_gauges.RUN_OUTPUT_CHARS_PER_TOTAL,
                Text(
                    title="Output characters per total second",
                    description="Output characters over the total time, mean of the runs. The "
                    "total holds loading and reading, so this is no writing speed.",
                    unit=panels.CharsPerSecond,
                ),
                width=6,
                largest_first=True,
            ),
            _bar(
                run_gauges.RUN_CLIENT_RSS,
                Text(
                    title="Client RSS",
                    description="Resident memory of the load generator at the end, the largest of "
                    "the runs. The old study showed this as RSS; the engine's is further down.",
                    unit=panels.Bytes,
                ),
                width=6,
                aggregate="max",
            ),
        ],
    )


def _trusted() -> Row:
    energy_j = selector(run_gauges.RUN_GPU_ENERGY.metric, OF_RUN)
    tokens = (
        f"{selector(run_gauges.RUN_OUTPUT_TOKENS.metric, OF_RUN)}"
        f" * {selector(run_gauges.RUN_REPETITIONS.metric, OF_RUN)}"
        f" and on ({RUN_ID}) {energy_j}"  # only runs whose energy is known
    )
    return Row(
        "Finished runs, phases apart",
        [
            _bar(
                run_gauges.RUN_OUTPUT_CHARS_RATE,
                Text(
                    title="Output characters per second",
                    description="Characters after the first token over decode time, by the "
                    "engine's clock; mean of the runs.",
                    unit=panels.CharsPerSecond,
                ),
                _MEAN,
                largest_first=True,
            ),
            _bar(
                run_gauges.RUN_PROMPT_CHARS_RATE,
                Text(
                    title="Prompt characters per second",
                    description="Uncached prompt characters over prompt-evaluation time, by the "
                    "engine's clock; mean of the runs.",
                    unit=panels.CharsPerSecond,
                ),
                _MEAN,
                largest_first=True,
            ),
            _bar(
                run_gauges.RUN_TIME_TO_FIRST_TOKEN,
                Text(
                    title="Time to first token",
                    description="Mean over requests, mean of the runs. Shorter is better.",
                    unit=panels.Seconds,
                ),
                _MEAN,
            ),
            _bar(
                run_gauges.RUN_ENGINE_RSS_PEAK,
                Text(
                    title="Engine memory, peak",
                    description="The kernel's high-water mark of the engine's resident memory, "
                    "the largest of the runs.",
                    unit=panels.Bytes,
                ),
                aggregate="max",
            ),
            _bar(
                run_gauges.RUN_ENGINE_CPU,
                Text(
                    title="Engine CPU",
                    description="Cores that the engine kept busy, mean of the runs.",
                    unit=panels.Cores,
                ),
            ),
            _bar(
                run_gauges.RUN_GPU_UTILIZATION,
                Text(
                    title="GPU utilization",
                    description="Mean share of time in which a kernel ran, mean of the runs and "
                    "GPUs. A host without a GPU has no bar.",
                    unit=panels.Ratio,
                ),
                largest_first=True,
            ),
            bars(
                Text(
                    title="GPU energy per 1000 output tokens",
                    description="Energy of the boards over the measured requests, for each 1000 "
                    "tokens written, over all runs of the type. CPU and memory draw power too; "
                    "that is not measured.",
                    unit=panels.Joules,
                ),
                Query(
                    sorted_by_value(
                        f"1000 * {by(_TYPE_AND_MODEL, energy_j)}\n/ {by(_TYPE_AND_MODEL, tokens)}",
                        largest_first=False,
                    ),
                    _LEGEND,
                ),
            ),
            _bar(
                run_gauges.RUN_USD_PER_1000_ARTICLES,
                Text(
                    title="Cost of 1000 articles",
                    description="US dollars at the run's pace and the hourly price in its "
                    "manifest. A run whose price is not known has no bar.",
                    unit=panels.Dollars,
                ),
            ),
            _bar(
                run_gauges.RUN_USD_PER_MILLION_TOKENS,
                Text(
                    title="Cost of a million output tokens",
                    description="US dollars at the run's pace and the hourly price in its "
                    "manifest.",
                    unit=panels.Dollars,
                ),
            ),
        ],
    )


def _runs() -> Row:
    keys = {
        names.INSTANCE_TYPE: "Instance type",
        MODEL: "Model",
        ENGINE: "Engine",
        RUN_ID: "Run",
    }

    def column(title: str, unit: str, gauge: RunGauge, *matchers: str) -> Column:
        of = selector(gauge.metric, OF_RUN, *matchers)
        return Column(title, unit, by(keys, of))

    def doubt(title: str, gauge: RunGauge, *matchers: str) -> Column:
        return replace(column(title, panels.Count, gauge, *matchers), is_bad_above_zero=True)

    began_ms = f"{MS_PER_S} * {by(keys, selector(run_gauges.RUN_STARTED.metric, OF_RUN))}"
    rate_of = run_gauges.RUN_OUTPUT_CHARS_RATE
    return Row(
        "Each finished run",
        [
            instant_table(
                Text(
                    title="Runs",
                    description="One row a run. Low and high are the ends of the 95 % interval of "
                    "the output rate; an overlap is no proof of equality. A run with an invalid "
                    "finding must not be compared: see its report.",
                    unit=panels.Count,
                ),
                keys,
                [
                    Column("Began", panels.Moment, began_ms),
                    column("Total with load", panels.Seconds, run_gauges.RUN_TOTAL_WITH_LOAD),
                    column("Output chars/s", panels.CharsPerSecond, rate_of, _MEAN),
                    column("Output low", panels.CharsPerSecond, rate_of, f'{STATISTIC}="ci95_low"'),
                    column(
                        "Output high", panels.CharsPerSecond, rate_of, f'{STATISTIC}="ci95_high"'
                    ),
                    column(
                        "First token", panels.Seconds, run_gauges.RUN_TIME_TO_FIRST_TOKEN, _MEAN
                    ),
                    column("Engine peak", panels.Bytes, run_gauges.RUN_ENGINE_RSS_PEAK),
                    column("USD/1000", panels.Dollars, run_gauges.RUN_USD_PER_1000_ARTICLES),
                    doubt("Failed", run_gauges.RUN_FAILED),
                    doubt("Warnings", run_gauges.RUN_FINDINGS, f'{SEVERITY}="warning"'),
                    doubt("Invalid", run_gauges.RUN_FINDINGS, f'{SEVERITY}="invalid"'),
                ],
                sort_by="Output chars/s",
                links={
                    keys[names.INSTANCE_TYPE]: (
                        "its live hosts",
                        panels.url_of("yoyak-host", "instance_type"),
                    ),
                    keys[RUN_ID]: ("this run alone", panels.url_of(UID, "run")),
                },
            )
        ],
    )


def _live() -> Row:
    def live(metric: names.Metric, *matchers: str, aggregate: str = "sum") -> Query:
        return Query(by(_TYPE, selector(metric, OF_TYPE, *matchers), aggregate), _LIVE_LEGEND)

    def live_rate(metric: names.Metric, *matchers: str) -> Query:
        return Query(by(_TYPE, rate(metric, WINDOW, OF_TYPE, *matchers)), _LIVE_LEGEND)

    return Row(
        "Live hosts",
        [
            lines(
                Text(
                    title="Output characters per second of a request",
                    description="Mean over the measured requests of 5 minutes: characters over "
                    "decode time, by the engine's clock.",
                    unit=panels.CharsPerSecond,
                ),
                [Query(selector(OUTPUT_CHARS_RATE_OF_TYPE.metric, OF_TYPE), _LIVE_LEGEND)],
            ),
            lines(
                Text(
                    title="Time to first chunk, p95",
                    description="Over the measured requests of 5 minutes, interpolated in the "
                    "histogram's buckets: of all hosts of a type, and of its worst host, which the "
                    "alert looks at. Dashed: the alert's threshold.",
                    unit=panels.Seconds,
                ),
                [
                    Query(
                        selector(TTFT_P95_OF_TYPE.metric, OF_TYPE, OF_MODEL),
                        "{{instance_type}} {{gen_ai_request_model}}",
                    ),
                    Query(
                        by(_TYPE, selector(TTFT_P95.metric, OF_TYPE, OF_MODEL), "max"),
                        "{{instance_type}}, worst host",
                    ),
                ],
                threshold=threshold("ttft_p95"),
            ),
            lines(
                Text(
                    title="Output characters per second of a host",
                    description="All that was written, over the wall clock: with concurrency it "
                    "is more than a request's own rate, with idle time less.",
                    unit=panels.CharsPerSecond,
                ),
                [live_rate(names.OUTPUT_CHARS, MEASURED)],
            ),
            lines(
                Text(
                    title="Errors",
                    description="Share of measured requests that ended with an error; dashed: "
                    "the alert's threshold.",
                    unit=panels.Ratio,
                ),
                [live(ERROR_RATIO.metric, aggregate="max")],
                threshold=threshold("error_ratio"),
            ),
            lines(
                Text(
                    title="Engine memory",
                    description="Resident memory of the engine's processes, the largest of a type.",
                    unit=panels.Bytes,
                ),
                [live(names.ENGINE_RSS, aggregate="max")],
            ),
            lines(
                Text(
                    title="Engine CPU",
                    description="Cores that the engines of a type keep busy.",
                    unit=panels.Cores,
                ),
                [live_rate(names.ENGINE_CPU)],
            ),
            lines(
                Text(
                    title="GPU utilization",
                    description="Share of time in which a kernel runs, mean over a type's GPUs; no "
                    "line without a GPU. Dashed: below this an engine at work is suspicious.",
                    unit=panels.Ratio,
                ),
                [live(names.GPU_UTILIZATION, aggregate="avg")],
                threshold=threshold("gpu_idle"),
                maximum=1,
            ),
            lines(
                Text(
                    title="CPU steal",
                    description="Share of CPU time that the hypervisor gave to others, the "
                    "largest of a type; dashed: the alert's threshold.",
                    unit=panels.Ratio,
                ),
                [live(CPU_STEAL.metric, aggregate="max")],
                threshold=threshold("cpu_steal"),
            ),
        ],
    )
