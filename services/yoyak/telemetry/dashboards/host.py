"""One host: where the time of its requests goes, and what the machine does meanwhile."""

from yoyak.telemetry import names
from yoyak.telemetry.dashboards import frame, panels
from yoyak.telemetry.dashboards.frame import OF_HOST, WINDOW, Row
from yoyak.telemetry.dashboards.panels import Query, Text, heat, lines, number
from yoyak.telemetry.promql import MEASURED, by, increase, mean_by, quantile_by, rate, selector
from yoyak.telemetry.rules import (
    CPU_STEAL,
    DECODE_TOKENS_RATE,
    ENGINE_MEMORY,
    ERROR_RATIO,
    GPU_THROTTLED,
    HOST_MEMORY,
    down_s,
    silent_s,
    threshold,
)

UID = "yoyak-host"
TITLE = "yoyak / One host"
_QUANTILES = (0.5, 0.9, 0.95)


def one_host() -> str:
    """Return the dashboard's JSON text."""
    return frame.build(
        uid=UID,
        title=TITLE,
        description="One summarizer and its machine: latency, phases, errors, CPU, memory, GPU.",
        variables=[frame.instance_type(), frame.host()],
        rows=[_now(), _latency(), _work(), _machine(), _gpu(), _presence()],
    )


def _of(metric: names.Metric, legend: str = "", *matchers: str) -> Query:
    return Query(selector(metric, OF_HOST, *matchers), legend)


def _quantiles(metric: names.Metric) -> list[Query]:
    return [
        Query(quantile_by(q, metric, (), WINDOW, MEASURED, OF_HOST), f"p{q * 100:.0f}")
        for q in _QUANTILES
    ]


def _now() -> Row:
    return Row(
        "Now",
        [
            number(
                Text(
                    title="Engine up",
                    description="1 while the engine answers and its model is loaded.",
                    unit=panels.Count,
                ),
                _of(names.ENGINE_UP),
                states={1: ("up", "green"), 0: ("down", "red")},
            ),
            number(
                Text(
                    title="In flight",
                    description="Requests that hold a slot to the engine.",
                    unit=panels.Count,
                ),
                _of(names.IN_FLIGHT),
            ),
            number(
                Text(
                    title="Waiting",
                    description="Requests that wait for a slot.",
                    unit=panels.Count,
                ),
                _of(names.QUEUE_DEPTH),
            ),
            number(
                Text(
                    title="Requests",
                    description="Requests that ended, by any outcome.",
                    unit=panels.RequestsPerSecond,
                ),
                Query(by((), rate(names.REQUESTS, WINDOW, OF_HOST))),
            ),
            number(
                Text(
                    title="Output",
                    description="Characters written, over the wall clock.",
                    unit=panels.CharsPerSecond,
                ),
                Query(by((), rate(names.OUTPUT_CHARS, WINDOW, OF_HOST))),
            ),
            number(
                Text(
                    title="Errors",
                    description="Share of the measured requests of 5 minutes that ended with an "
                    "error; those that their client left are not counted.",
                    unit=panels.Ratio,
                ),
                _of(ERROR_RATIO.metric),
            ),
        ],
    )


def _latency() -> Row:
    buckets = increase(names.OPERATION_DURATION, WINDOW, OF_HOST, series="bucket")
    return Row(
        "Latency",
        [
            heat(
                Text(
                    title="Duration of requests",
                    description="How many requests took how long, warm-up included; the dots are "
                    "requests with a trace.",
                    unit=panels.Seconds,
                ),
                Query(by(("le",), buckets), "{{le}}", exemplar=True),
            ),
            lines(
                Text(
                    title="Time to first chunk",
                    description="From a request's arrival, the wait for a slot included; "
                    "interpolated in the histogram's buckets. Dashed: the alert's threshold.",
                    unit=panels.Seconds,
                ),
                _quantiles(names.TIME_TO_FIRST_CHUNK),
                threshold=threshold("ttft_p95"),
            ),
            lines(
                Text(
                    title="Duration",
                    description="From a request's arrival to its last byte. Dashed: the alert's "
                    "threshold.",
                    unit=panels.Seconds,
                ),
                _quantiles(names.OPERATION_DURATION),
                threshold=threshold("duration_p95"),
            ),
            lines(
                Text(
                    title="Time per output chunk",
                    description="Each gap between a chunk and the one before; a chunk may hold "
                    "several tokens.",
                    unit=panels.Seconds,
                ),
                _quantiles(names.TIME_PER_OUTPUT_CHUNK),
            ),
            lines(
                Text(
                    title="Phases of a request",
                    description="Mean wait for a slot, prompt evaluation and decoding, stacked: "
                    "what is missing to the duration is overhead.",
                    unit=panels.Seconds,
                ),
                [
                    Query(mean_by(metric, (), WINDOW, MEASURED, OF_HOST), legend)
                    for metric, legend in (
                        (names.QUEUE, "queue"),
                        (names.PROMPT_EVAL, "prompt evaluation"),
                        (names.DECODE, "decoding"),
                    )
                ],
                is_stacked=True,
            ),
            lines(
                Text(
                    title="Model load",
                    description="Mean of explicit loads, by where the weights were. The mean since "
                    "the service began: loads are rare.",
                    unit=panels.Seconds,
                ),
                [
                    Query(
                        f"{selector(names.MODEL_LOAD, OF_HOST, series='sum')}"
                        f" / {selector(names.MODEL_LOAD, OF_HOST, series='count')}",
                        "{{state}}",
                    )
                ],
            ),
            lines(
                Text(
                    title="Queue",
                    description="Requests that wait and requests in the engine. Dashed: the "
                    "alert's threshold for those that wait.",
                    unit=panels.Count,
                ),
                [_of(names.QUEUE_DEPTH, "waiting"), _of(names.IN_FLIGHT, "in the engine")],
                threshold=threshold("queue_depth"),
            ),
        ],
    )


def _presence() -> Row:
    return Row(
        "Presence",
        [
            lines(
                Text(
                    title="Engine down",
                    description="Seconds of the last 15 minutes in which the engine did not "
                    "answer. Dashed: the alert's threshold, which counts while it is down.",
                    unit=panels.Seconds,
                ),
                [Query(down_s(selector(names.ENGINE_UP, OF_HOST)), "down")],
                threshold=threshold("engine_down"),
            ),
            lines(
                Text(
                    title="Last heard of",
                    description="Age of the last scrape of the service. Dashed: the alert's "
                    "threshold.",
                    unit=panels.Seconds,
                ),
                [Query(silent_s(OF_HOST), "age")],
                threshold=threshold("scrape_missing"),
            ),
        ],
    )


def _work() -> Row:
    return Row(
        "Work",
        [
            lines(
                Text(
                    title="Requests by outcome",
                    description="How requests ended; refusals are invalid, not_ready and "
                    "queue_full.",
                    unit=panels.RequestsPerSecond,
                ),
                [
                    Query(
                        f"{by([names.OUTCOME], rate(names.REQUESTS, WINDOW, OF_HOST))} > 0",
                        "{{outcome}}",
                    )
                ],
                is_stacked=True,
                width=8,
            ),
            lines(
                Text(
                    title="Errors",
                    description="Share of measured requests that ended with an error. Dashed: the "
                    "alert's threshold.",
                    unit=panels.Ratio,
                ),
                [_of(ERROR_RATIO.metric, "errors")],
                threshold=threshold("error_ratio"),
                width=8,
            ),
            lines(
                Text(
                    title="Tokens per second while decoding",
                    description="Tokens after the first over the engine's decode time. Dashed: "
                    "the alert's threshold; below it the host is slow.",
                    unit=panels.TokensPerSecond,
                ),
                [_of(DECODE_TOKENS_RATE.metric, "decode")],
                threshold=threshold("token_rate"),
                width=8,
            ),
            lines(
                Text(
                    title="Characters per second of a request",
                    description="Prompt characters over prompt-evaluation time and output "
                    "characters over decode time, means over measured requests.",
                    unit=panels.CharsPerSecond,
                ),
                [
                    Query(mean_by(metric, (), WINDOW, MEASURED, OF_HOST), legend)
                    for metric, legend in (
                        (names.PROMPT_CHARS_RATE, "prompt"),
                        (names.OUTPUT_CHARS_RATE, "output"),
                    )
                ],
            ),
            lines(
                Text(
                    title="Tokens of a request",
                    description="Mean number of input and output tokens, by the engine's count.",
                    unit=panels.Count,
                ),
                [
                    Query(
                        mean_by(
                            names.TOKEN_USAGE, [names.GENAI_TOKEN_TYPE], WINDOW, MEASURED, OF_HOST
                        ),
                        "{{gen_ai_token_type}}",
                    )
                ],
            ),
        ],
    )


def _machine() -> Row:
    return Row(
        "CPU and memory",
        [
            lines(
                Text(
                    title="CPU of the host",
                    description="Cores by what they do; steal went to other guests of the "
                    "hypervisor. idle is left out.",
                    unit=panels.Cores,
                ),
                [
                    Query(
                        by(
                            [names.MODE],
                            rate(names.HOST_CPU, WINDOW, OF_HOST, f'{names.MODE}!="idle"'),
                        ),
                        "{{mode}}",
                    )
                ],
                is_stacked=True,
            ),
            lines(
                Text(
                    title="CPU of the engine",
                    description="Cores that the engine keeps busy, and for how much of each "
                    "second a CPU quota held it back.",
                    unit=panels.Cores,
                ),
                [
                    Query(rate(names.ENGINE_CPU, WINDOW, OF_HOST), "engine"),
                    Query(rate(names.ENGINE_THROTTLED, WINDOW, OF_HOST), "held back by quota"),
                ],
            ),
            lines(
                Text(
                    title="CPU steal",
                    description="Share of the host's CPU time. Dashed: the alert's threshold; "
                    "above it numbers of this time are not comparable.",
                    unit=panels.Ratio,
                ),
                [_of(CPU_STEAL.metric, "steal")],
                threshold=threshold("cpu_steal"),
            ),
            lines(
                Text(
                    title="Memory",
                    description="The engine's resident memory, its peak and its limit, and what "
                    "the host has left. No limit, no line.",
                    unit=panels.Bytes,
                ),
                [
                    _of(names.ENGINE_RSS, "engine"),
                    _of(names.ENGINE_RSS_PEAK, "engine, peak"),
                    _of(names.ENGINE_MEMORY_LIMIT, "engine's limit"),
                    _of(names.HOST_MEMORY_AVAILABLE, "host, available"),
                ],
            ),
            lines(
                Text(
                    title="Memory used",
                    description="Share of the engine's limit and of the host's memory. Dashed: "
                    "the alert's threshold.",
                    unit=panels.Ratio,
                ),
                [
                    _of(ENGINE_MEMORY.metric, "of the engine's limit"),
                    _of(HOST_MEMORY.metric, "of the host"),
                ],
                threshold=threshold("memory"),
                maximum=1,
                width=24,
            ),
        ],
    )


def _by_gpu(metric: names.Metric, legend: str = "GPU {{gpu}}") -> Query:
    return _of(metric, legend)


def _gpu() -> Row:
    output = f'{names.GENAI_TOKEN_TYPE}="output"'
    energy = by((), rate(names.GPU_ENERGY, WINDOW, OF_HOST))
    tokens = by((), rate(names.TOKEN_USAGE, WINDOW, OF_HOST, output, series="sum"))
    return Row(
        "GPU",
        [
            lines(
                Text(
                    title="GPU utilization",
                    description="Share of the driver's last period in which a kernel ran: busy, "
                    "not fast. Dashed: below this an engine at work is suspicious.",
                    unit=panels.Ratio,
                ),
                [_by_gpu(names.GPU_UTILIZATION)],
                threshold=threshold("gpu_idle"),
                maximum=1,
                width=8,
            ),
            lines(
                Text(
                    title="GPU memory",
                    description="Of all processes, of the engine's, and what the board has.",
                    unit=panels.Bytes,
                ),
                [
                    _by_gpu(names.GPU_MEMORY_USED, "GPU {{gpu}}, used"),
                    _by_gpu(names.ENGINE_GPU_MEMORY, "GPU {{gpu}}, engine"),
                    _by_gpu(names.GPU_MEMORY_TOTAL, "GPU {{gpu}}, total"),
                ],
                width=8,
            ),
            lines(
                Text(title="GPU power", description="Power draw of the board.", unit=panels.Watts),
                [_by_gpu(names.GPU_POWER)],
                width=8,
            ),
            lines(
                Text(
                    title="GPU energy per 1000 output tokens",
                    description="Energy of all boards over the wall clock, idle time included, for "
                    "each 1000 tokens that were written.",
                    unit=panels.Joules,
                ),
                [Query(f"1000 * {energy}\n/ ({tokens} > 0)", "joules per 1000 tokens")],
                width=8,
            ),
            lines(
                Text(title="GPU temperature", description="Of the GPU's die.", unit=panels.Celsius),
                [_by_gpu(names.GPU_TEMPERATURE)],
                width=8,
            ),
            lines(
                Text(
                    title="GPU clock",
                    description="Of the streaming multiprocessors; it falls when the GPU is "
                    "throttled or idle.",
                    unit=panels.Hertz,
                ),
                [_by_gpu(names.GPU_SM_CLOCK)],
                width=8,
            ),
            lines(
                Text(
                    title="GPU throttling by reason",
                    description="Share of the time in which a reason lowered the clocks. A power "
                    "cap is how many boards work by design; heat and hardware are faults.",
                    unit=panels.Ratio,
                ),
                [
                    Query(
                        f"avg_over_time({selector(names.GPU_THROTTLED, OF_HOST)}[{WINDOW}])",
                        "GPU {{gpu}}, {{reason}}",
                    )
                ],
                maximum=1,
            ),
            lines(
                Text(
                    title="GPU throttling by heat and hardware",
                    description="Share of the last 5 minutes, of the reason that held longest. "
                    "Dashed: the alert's threshold.",
                    unit=panels.Ratio,
                ),
                [_by_gpu(GPU_THROTTLED.metric)],
                threshold=threshold("gpu_throttled"),
                maximum=1,
            ),
        ],
    )
