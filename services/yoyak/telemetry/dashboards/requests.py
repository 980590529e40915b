"""Requests: from a slow bucket to the trace of one request."""

from yoyak.telemetry import names
from yoyak.telemetry.crawl_names import SPANS_DROPPED as CRAWL_SPANS_DROPPED
from yoyak.telemetry.dashboards import frame, panels
from yoyak.telemetry.dashboards.frame import OF_MODEL, OF_TYPE, WINDOW, Row
from yoyak.telemetry.dashboards.panels import Query, Text, heat, lines, traces
from yoyak.telemetry.promql import MEASURED, by, increase, mean_by, quantile_by, rate

UID = "yoyak-requests"
TITLE = "yoyak / Requests"
_SLOWER_THAN = "slower_than"
_BY_TYPE = (names.INSTANCE_TYPE,)
_OF = (OF_TYPE, OF_MODEL)


def requests() -> str:
    """Return the dashboard's JSON text."""
    return frame.build(
        uid=UID,
        title=TITLE,
        description=(
            "Single requests: each dot on a latency panel is a request with a trace; the table "
            "lists the slowest."
        ),
        variables=[
            frame.instance_type(),
            frame.model(),
            frame.trace_store(),
            frame.choice(_SLOWER_THAN, "Slower than", ("0s", "1s", "5s", "10s", "30s", "1m")),
        ],
        rows=[_latency(), _slowest(), _shape()],
    )


def _quantiles(metric: names.Metric) -> list[Query]:
    return [
        Query(
            quantile_by(q, metric, _BY_TYPE, WINDOW, *_OF),
            f"{{{{instance_type}}}} p{q * 100:.0f}",
            exemplar=q == 0.99,  # once: every query of a panel would fetch the same ones
        )
        for q in (0.5, 0.95, 0.99)
    ]


def _latency() -> Row:
    buckets = increase(names.OPERATION_DURATION, WINDOW, *_OF, series="bucket")
    return Row(
        "Latency with traces",
        [
            lines(
                Text(
                    title="Time to first chunk",
                    description="Quantiles by instance type, warm-up included. A dot is a request: "
                    "click it to open its trace.",
                    unit=panels.Seconds,
                ),
                _quantiles(names.TIME_TO_FIRST_CHUNK),
            ),
            lines(
                Text(
                    title="Duration",
                    description="Quantiles by instance type, warm-up included. A dot is a request: "
                    "click it to open its trace.",
                    unit=panels.Seconds,
                ),
                _quantiles(names.OPERATION_DURATION),
            ),
            heat(
                Text(
                    title="Duration of requests",
                    description="How many requests took how long. A dot is a request with a trace.",
                    unit=panels.Seconds,
                ),
                Query(by(("le",), buckets), "{{le}}", exemplar=True),
            ),
        ],
    )


def _slowest() -> Row:
    chat = f'span.gen_ai.operation.name = "{names.CHAT}"'
    return Row(
        "Slowest requests",
        [
            traces(
                Text(
                    title="Slowest requests",
                    description="Up to 100 traces of the time range whose engine call took longer "
                    "than the chosen time, the longest first. It asks the trace store, not "
                    "Prometheus.",
                    unit=panels.Seconds,
                ),
                f"{{ {chat} && duration > ${_SLOWER_THAN} }}"
                " | select(span.gen_ai.request.model, span.gen_ai.usage.output_tokens)",
            )
        ],
    )


def _lost() -> Query:
    both = f"{rate(names.SPANS_DROPPED, WINDOW, OF_TYPE)} or {rate(CRAWL_SPANS_DROPPED, WINDOW)}"
    return Query(by([names.INSTANCE_TYPE, "job"], both), "{{instance_type}} {{job}}")


def _shape() -> Row:
    outcomes = by(
        [names.INSTANCE_TYPE, names.OUTCOME],
        rate(names.REQUESTS, WINDOW, OF_TYPE, f'{names.OUTCOME}!="{names.OK}"'),
    )
    return Row(
        "What requests are like",
        [
            lines(
                Text(
                    title="Requests that did not end well",
                    description="By outcome; cancelled is a client that went away.",
                    unit=panels.RequestsPerSecond,
                ),
                [Query(f"{outcomes} > 0", "{{instance_type}} {{outcome}}")],
            ),
            lines(
                Text(
                    title="Requests",
                    description="All requests that ended, by instance type and phase.",
                    unit=panels.RequestsPerSecond,
                ),
                [
                    Query(
                        by(
                            [names.INSTANCE_TYPE, names.PHASE],
                            rate(names.REQUESTS, WINDOW, OF_TYPE),
                        ),
                        "{{instance_type}} {{phase}}",
                    )
                ],
            ),
            lines(
                Text(
                    title="Tokens of a request",
                    description="Mean input and output tokens of measured requests, by the "
                    "engine's count.",
                    unit=panels.Count,
                ),
                [
                    Query(
                        mean_by(
                            names.TOKEN_USAGE,
                            [names.INSTANCE_TYPE, names.GENAI_TOKEN_TYPE],
                            WINDOW,
                            MEASURED,
                            *_OF,
                        ),
                        "{{instance_type}} {{gen_ai_token_type}}",
                    )
                ],
            ),
            lines(
                Text(
                    title="Wait for a slot",
                    description="Mean wait before the engine was asked, by instance type.",
                    unit=panels.Seconds,
                ),
                [
                    Query(
                        mean_by(names.QUEUE, _BY_TYPE, WINDOW, MEASURED, OF_TYPE),
                        "{{instance_type}}",
                    )
                ],
            ),
            lines(
                Text(
                    title="Spans that no trace store took",
                    description="Spans of the service and of the crawler that were dropped: the "
                    "queue was full, or the export failed. Above 0 the table above lacks requests; "
                    "no line where no spans are sent.",
                    unit=panels.SpansPerSecond,
                ),
                [_lost()],
                width=24,
            ),
        ],
    )
