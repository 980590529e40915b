"""Recording rules and alert rules, built from the names of the metrics that they read.

`python -m yoyak.telemetry.rules FILE` writes them; docker/prometheus/rules/ holds the result.
"""

import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yoyak.telemetry import names
from yoyak.telemetry.promql import MEASURED, mean_by, quantile_by, rate, selector, without
from yoyak.telemetry.thresholds import ALERT_THRESHOLD, THRESHOLDS

WINDOW = "5m"  # at the slowest scrape in use, 30 s, it still holds ten samples
JOB = "summarizer"  # the scrape job of our own service
_STEP_S = 5
_LOOK_BACK = f"15m:{_STEP_S}s"  # in which downtime is counted; nothing is scraped more often
_UP = names.Metric(name="up", kind="gauge", help="Prometheus' own")
# Reasons of heat and hardware. A board that runs at its power cap or at a clock that somebody
# set does what it was told: the dashboards show those, no alert does.
HARMFUL_REASONS = (
    "hw_slowdown",
    "sw_thermal_slowdown",
    "hw_thermal_slowdown",
    "hw_power_brake_slowdown",
    "reliability",
)

_GENAI = (names.GENAI_OPERATION, names.GENAI_PROVIDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A recording rule: one series a host, a GPU or an instance type, with the target's labels."""

    record: str
    expression: str
    labels: tuple[str, ...] = ()  # that are left beside the target's

    @property
    def metric(self) -> names.Metric:
        """What the rule makes, for dashboards and checks."""
        return names.Metric(name=self.record, kind="gauge", help="", labels=self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert rule; `hold` is how long its expression must hold before it fires."""

    name: str
    expression: str
    hold: str
    severity: Literal["warning", "critical"]
    summary: str
    action: str


def _quantile(metric: names.Metric) -> str:
    kept_out = [*_GENAI, names.PHASE]
    if names.ERROR_TYPE in metric.labels:
        kept_out.append(names.ERROR_TYPE)
    buckets = without(kept_out, rate(metric, WINDOW, MEASURED, series="bucket"))
    return f"histogram_quantile(0.95, {buckets})"


def _decode_tokens_rate() -> str:
    dropped = [*_GENAI, names.GENAI_MODEL, names.GENAI_TOKEN_TYPE, names.PHASE]
    output = f'{names.GENAI_TOKEN_TYPE}="output"'
    usage, decode = names.TOKEN_USAGE, names.DECODE
    tokens = without(dropped, rate(usage, WINDOW, MEASURED, output, series="sum"))
    firsts = without(dropped, rate(usage, WINDOW, MEASURED, output, series="count"))
    decode_s = without([names.PHASE], rate(decode, WINDOW, MEASURED, series="sum"))
    return f"({tokens} - {firsts})\n/ ({decode_s} > 0)"


def _error_ratio() -> str:
    dropped = (names.OUTCOME, names.PHASE)
    good = f'{names.OUTCOME}!~"{names.OK}|cancelled"'
    errors = without(dropped, rate(names.REQUESTS, WINDOW, MEASURED, good))
    everything = without(dropped, rate(names.REQUESTS, WINDOW, MEASURED))
    return f"{errors}\n/ ({everything} > 0)"


def _steal_ratio() -> str:
    steal = f'{names.MODE}="steal"'
    return (
        f"{without([names.MODE], rate(names.HOST_CPU, WINDOW, steal))}\n"
        f"/ {without([names.MODE], rate(names.HOST_CPU, WINDOW))}"
    )


def up(*matchers: str) -> str:
    """Return the series that is 1 where Prometheus could scrape our service, else 0."""
    return selector(_UP, f'job="{JOB}"', *matchers)


# Recorded: to look through an hour of scrapes of each host at every evaluation takes a hub seconds.
LAST_SCRAPE = Recorded(
    record="yoyak:last_scrape_timestamp_seconds", expression=f"timestamp({up()})"
)
TTFT_P95 = Recorded(
    record="yoyak:time_to_first_chunk_seconds:p95_rate5m",
    expression=_quantile(names.TIME_TO_FIRST_CHUNK),
    labels=(names.GENAI_MODEL,),
)
# By type, over all of its hosts: a panel of these would read thousands of series on a hub.
TTFT_P95_OF_TYPE = Recorded(
    record="yoyak:time_to_first_chunk_seconds:p95_of_type_rate5m",
    expression=quantile_by(
        0.95,
        names.TIME_TO_FIRST_CHUNK,
        (names.INSTANCE_TYPE, names.GENAI_MODEL),
        WINDOW,
        MEASURED,
    ),
    labels=(names.GENAI_MODEL,),
)
OUTPUT_CHARS_RATE_OF_TYPE = Recorded(
    record="yoyak:output_chars_per_second:mean_of_type_rate5m",
    expression=mean_by(names.OUTPUT_CHARS_RATE, (names.INSTANCE_TYPE,), WINDOW, MEASURED),
)
DURATION_P95 = Recorded(
    record="yoyak:operation_duration_seconds:p95_rate5m",
    expression=_quantile(names.OPERATION_DURATION),
    labels=(names.GENAI_MODEL,),
)
DECODE_TOKENS_RATE = Recorded(
    record="yoyak:decode_tokens_per_second:rate5m", expression=_decode_tokens_rate()
)
ERROR_RATIO = Recorded(record="yoyak:errors:ratio_rate5m", expression=_error_ratio())
QUEUE_DEPTH = Recorded(
    record="yoyak:queue_depth:avg5m",
    expression=f"avg_over_time({names.QUEUE_DEPTH.name}[{WINDOW}])",
)
IN_FLIGHT = Recorded(
    record="yoyak:requests_in_flight:avg5m",
    expression=f"avg_over_time({names.IN_FLIGHT.name}[{WINDOW}])",
)
ENGINE_MEMORY = Recorded(
    record="yoyak:engine_memory:ratio",
    expression=f"{names.ENGINE_RSS.name} / {names.ENGINE_MEMORY_LIMIT.name}",
)
HOST_MEMORY = Recorded(
    record="yoyak:host_memory:ratio",
    expression=f"1 - {names.HOST_MEMORY_AVAILABLE.name} / {names.HOST_MEMORY_TOTAL.name}",
)
CPU_STEAL = Recorded(record="yoyak:host_cpu_steal:ratio_rate5m", expression=_steal_ratio())
GPU_UTILIZATION = Recorded(
    record="yoyak:gpu_utilization:avg5m",
    expression=f"avg_over_time({names.GPU_UTILIZATION.name}[{WINDOW}])",
    labels=(names.GPU,),
)
_HARMFUL = selector(names.GPU_THROTTLED, f'{names.REASON}=~"{"|".join(HARMFUL_REASONS)}"')
GPU_THROTTLED = Recorded(
    record="yoyak:gpu_throttled:avg5m",
    expression=without([names.REASON], f"avg_over_time({_HARMFUL}[{WINDOW}])", "max"),
    labels=(names.GPU,),
)

RECORDED: tuple[Recorded, ...] = (
    LAST_SCRAPE,
    TTFT_P95,
    TTFT_P95_OF_TYPE,
    OUTPUT_CHARS_RATE_OF_TYPE,
    DURATION_P95,
    DECODE_TOKENS_RATE,
    ERROR_RATIO,
    QUEUE_DEPTH,
    IN_FLIGHT,
    ENGINE_MEMORY,
    HOST_MEMORY,
    CPU_STEAL,
    GPU_UTILIZATION,
    GPU_THROTTLED,
)


def threshold(name: str) -> str:
    """Return the selector of one threshold's series; KeyError if there is none of that name."""
    return selector(ALERT_THRESHOLD, f'name="{THRESHOLDS[name].name}"')


def crosses(expression: str, name: str) -> str:
    """Return what holds where an expression is beyond a threshold.

    on() matches any series with the one of the threshold, whatever labels they have.
    """
    sign = ">" if THRESHOLDS[name].alerts == "above" else "<"
    return f"{expression}\n{sign} on () group_left () {threshold(name)}"


def down_s(series: str) -> str:
    """Return the seconds of the last 15 minutes in which a series of 0 and 1 was 0."""
    return f"sum_over_time((1 - {series})[{_LOOK_BACK}]) * {_STEP_S}"


def silent_s(*matchers: str) -> str:
    """Return the seconds since a host's last scrape, if that is less than an hour ago.

    The first part is exact and ends with the series; the second goes on.
    """
    seen = selector(LAST_SCRAPE.metric, *matchers)
    return f"(time() - timestamp({up(*matchers)}) or time() - max_over_time({seen}[1h]))"


def _is_down_s(series: str) -> str:
    return f"({down_s(series)} and {series} == 0)"


_HOST = "{{ $labels.instance_type }} {{ $labels.instance }}"
_GPU_OF_HOST = f"GPU {{{{ $labels.gpu }}}} of {_HOST}"
_SECONDS_SHOWN = "{{ $value | humanizeDuration }}"
_SHARE_SHOWN = "{{ $value | humanizePercentage }}"

ALERTS: tuple[Alert, ...] = (
    Alert(
        name="YoyakFirstTokenSlow",
        expression=crosses(TTFT_P95.record, "ttft_p95"),
        hold="2m",
        severity="warning",
        summary=f"{_HOST}: p95 of the time to the first chunk is {_SECONDS_SHOWN}",
        action="Look at queue and prompt evaluation on the dashboard One host.",
    ),
    Alert(
        name="YoyakRequestSlow",
        expression=crosses(DURATION_P95.record, "duration_p95"),
        hold="2m",
        severity="warning",
        summary=f"{_HOST}: p95 of a request's duration is {_SECONDS_SHOWN}",
        action="Compare queue, prompt evaluation and decoding on the dashboard One host.",
    ),
    Alert(
        name="YoyakTokenRateLow",
        expression=crosses(DECODE_TOKENS_RATE.record, "token_rate"),
        hold="5m",
        severity="warning",
        summary=f'{_HOST}: the engine decodes {{{{ $value | printf "%.2f" }}}} tokens a second',
        action="Look for steal, throttling and other load on the host.",
    ),
    Alert(
        name="YoyakErrors",
        expression=crosses(ERROR_RATIO.record, "error_ratio"),
        hold="1m",
        severity="critical",
        summary=f"{_HOST}: {_SHARE_SHOWN} of the requests end with an error",
        action=f"{names.REQUESTS.name} by {names.OUTCOME} says which; then the service's log.",
    ),
    Alert(
        name="YoyakQueueLong",
        expression=crosses(QUEUE_DEPTH.record, "queue_depth"),
        hold="2m",
        severity="warning",
        summary=f'{_HOST}: {{{{ $value | printf "%.0f" }}}} requests wait for the engine',
        action="Send fewer requests, or raise YOYAK_CONCURRENCY if the engine has slots to spare.",
    ),
    Alert(
        name="YoyakEngineDown",
        expression=crosses(_is_down_s(names.ENGINE_UP.name), "engine_down"),
        hold="0s",
        severity="critical",
        summary=f"{_HOST}: the engine does not answer, for {_SECONDS_SHOWN} of 15 minutes",
        action="Read /readyz of the service; POST /v1/engine/load starts the engine again.",
    ),
    Alert(
        name="YoyakGpuIdle",
        expression=(
            f"({crosses(without([names.GPU], GPU_UTILIZATION.record, 'max'), 'gpu_idle')})\n"
            f"and {IN_FLIGHT.record} > 0.5"
        ),
        hold="2m",
        severity="warning",
        summary=f"{_HOST}: the engine works, and its GPU is used to {_SHARE_SHOWN}",
        action="The engine may have been built without CUDA, or put no layers on the GPU.",
    ),
    Alert(
        name="YoyakGpuThrottled",
        expression=crosses(GPU_THROTTLED.record, "gpu_throttled"),
        hold="1m",
        severity="warning",
        summary=f"{_GPU_OF_HOST}: slowed down for {_SHARE_SHOWN} of the time",
        action="Heat, or a fault of the board: numbers of this time are not comparable.",
    ),
    Alert(
        name="YoyakEngineMemoryNearLimit",
        expression=crosses(ENGINE_MEMORY.record, "memory"),
        hold="1m",
        severity="warning",
        summary=f"{_HOST}: the engine uses {_SHARE_SHOWN} of its memory limit",
        action="Raise the container's limit, or take a smaller context or model.",
    ),
    Alert(
        name="YoyakHostMemoryNearLimit",
        expression=crosses(HOST_MEMORY.record, "memory"),
        hold="1m",
        severity="warning",
        summary=f"{_HOST}: {_SHARE_SHOWN} of the host's memory is used",
        action="Take a smaller context or model, or a larger instance.",
    ),
    Alert(
        name="YoyakCpuSteal",
        expression=crosses(CPU_STEAL.record, "cpu_steal"),
        hold="2m",
        severity="warning",
        summary=f"{_HOST}: {_SHARE_SHOWN} of the CPU time goes to others",
        action="Burst credits are used up, or the host is shared: do not compare this run.",
    ),
    Alert(
        name="YoyakScrapeFailing",
        expression=crosses(_is_down_s(up()), "scrape_missing"),
        hold="0s",
        severity="critical",
        summary=f"{_HOST}: the service could not be scraped for {_SECONDS_SHOWN}",
        action="See Status > Targets in Prometheus, and whether the service runs.",
    ),
    Alert(
        name="YoyakNoHost",
        expression=f"absent({up()})",
        hold="1m",
        severity="critical",
        summary="no summarizer is known to Prometheus",
        action="See whether the service runs, and what it answers under /sd.",
    ),
    Alert(
        name="YoyakHostSilent",
        expression=crosses(silent_s(), "scrape_missing"),
        hold="0s",
        severity="critical",
        summary=f"{_HOST}: last heard of {_SECONDS_SHOWN} ago",
        action="The host is gone, or on a hub, does not send; after an hour this alert ends.",
    ),
)


def rules_text(recorded: Sequence[Recorded] = RECORDED, alerts: Sequence[Alert] = ALERTS) -> str:
    """Return the rules file as Prometheus reads it (YAML)."""
    lines = [
        "# Made by `make dashboards` from services/yoyak/telemetry/rules.py; edit that.",
        "groups:",
        "  - name: yoyak-recorded",
        "    rules:",
    ]
    for rule in recorded:
        lines += [f"      - record: {rule.record}", *_block("expr", rule.expression)]
    lines += ["  - name: yoyak-alerts", "    rules:"]
    for alert in alerts:
        lines += [
            f"      - alert: {alert.name}",
            *_block("expr", alert.expression),
            f"        for: {alert.hold}",
            f"        labels: {{severity: {alert.severity}}}",
            "        annotations:",
            f"          summary: '{_quoted(alert.summary)}'",
            f"          action: '{_quoted(alert.action)}'",
        ]
    return "\n".join(lines) + "\n"


def _block(key: str, text: str) -> list[str]:
    return [f"        {key}: |-", textwrap.indent(text, " " * 10)]


def _quoted(text: str) -> str:
    return text.replace("'", "''")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(rules_text(), encoding="utf-8")
