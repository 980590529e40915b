"""Spans of finished requests and runs, made from their stamps and counts once they have ended.

Stamps are monotonic; the caller says by how much Unix time is ahead of them (`offset_ns`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import yoyak
from otlp_spans.span import Span, SpanEvent, TraceContext, Value
from yoyak.engines.base import GenerationOptions
from yoyak.host.facts import HostFacts
from yoyak.records import EngineFacts, FinishReason, LoadRecord, Manifest, RequestRecord
from yoyak.telemetry import names
from yoyak.telemetry.metrics import FinishedRequest
from yoyak.telemetry.names import Attribute, ResourceAttribute
from yoyak.units import seconds

Attributes = dict[str, Value | None]
_FIRST_CLIENT_ERROR, _FIRST_SERVER_ERROR = 400, 500
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineIdentity:
    """What the conventions want to know of the engine that was called."""

    provider: str
    model: str
    address: str | None = None  # host, without a port
    port: int | None = None

    @classmethod
    def of(cls, facts: EngineFacts) -> "EngineIdentity":
        """Return the identity of the engine itself, not of a service before it."""
        address, port = (None, None) if facts.via else server_of(facts.url)
        return cls(provider=facts.name, model=facts.model.name, address=address, port=port)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """The ids of a served request's spans, drawn before there is anything to time."""

    server: TraceContext
    chat: TraceContext
    parent_span_id: str | None  # the caller's span; None: the trace begins here


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedRequest:
    """What a service knows of a request beside its metrics."""

    finished: FinishedRequest
    trail: Trail
    request_id: str
    article_id: str | None = None
    status: int | None  # of HTTP; None: the client left before there was one
    engine: EngineIdentity | None = None
    options: GenerationOptions | None = None
    is_streaming: bool | None = None
    asked_ns: int | None = None  # when the engine was asked; None: it was not
    answered_ns: int | None = None  # its last word, or the moment of its failure


def service_spans(served: ServedRequest, *, offset_ns: int) -> list[Span]:
    """Return `POST /v1/summaries`, and below it `chat {model}` if the engine was asked."""
    request, trail = served.finished, served.trail
    failure = None if request.outcome == names.OK else request.outcome
    spans = [
        Span(
            context=trail.server,
            parent_span_id=trail.parent_span_id,
            is_parent_remote=True,
            name=names.SUMMARIES_SPAN,
            kind="server",
            start_ns=request.arrived_ns + offset_ns,
            end_ns=request.done_ns + offset_ns,
            attributes={
                Attribute.HTTP_METHOD: "POST",
                Attribute.HTTP_ROUTE: names.SUMMARIES_ROUTE,
                Attribute.URL_PATH: names.SUMMARIES_ROUTE,
                Attribute.URL_SCHEME: "http",
                Attribute.HTTP_STATUS: served.status,
                Attribute.ERROR_TYPE: failure,
                Attribute.REQUEST_ID: served.request_id,
                Attribute.ARTICLE_ID: served.article_id,
                Attribute.PHASE: request.phase,
                Attribute.QUEUE_S: request.queue_s,
            },
            is_error=failure is not None and not _is_callers_fault(served.status),
        )
    ]
    if served.asked_ns is not None and served.engine is not None:
        spans.append(_served_chat(served, failure, offset_ns))
    return spans


def _served_chat(served: ServedRequest, failure: str | None, offset_ns: int) -> Span:
    request = served.finished
    asked_ns = served.asked_ns or request.arrived_ns
    usage = request.usage
    attributes = _chat_attributes(served.engine, served.options, is_streaming=served.is_streaming)
    attributes[Attribute.ERROR_TYPE] = failure if usage is None else None
    attributes[Attribute.PHASE] = request.phase
    attributes |= _answer_attributes(
        chunk_ns=request.chunk_ns,
        asked_ns=asked_ns,
        prompt_chars=request.prompt_chars,
        output_chars=request.output_chars,
    )
    if usage is not None:
        attributes |= _usage_attributes(
            usage.prompt_tokens, usage.cached_tokens, usage.output_tokens, usage.finish_reason
        )
        attributes |= _engine_times(
            usage.engine_load_s, usage.prompt_eval_s, usage.decode_s, usage.engine_total_s
        )
    return Span(
        context=served.trail.chat,
        parent_span_id=served.trail.server.span_id,
        name=names.chat_span(served.engine.model if served.engine else ""),
        kind="client",
        start_ns=asked_ns + offset_ns,
        end_ns=(served.answered_ns or request.done_ns) + offset_ns,
        attributes=attributes,
        events=_chunk_events(request.chunk_ns, offset_ns),
        is_error=usage is None and failure is not None,
    )


def run_spans(
    manifest: Manifest,
    requests: Iterable[RequestRecord],
    loads: Sequence[LoadRecord],
    *,
    run: TraceContext,
    done_ns: int,
    offset_ns: int,
) -> Iterator[Span]:
    """Yield the spans of a run: each request in a trace of its own, loads and the run in another.

    Args:
        manifest: of the run.
        requests: its records, with the ids that were drawn before each was sent.
        loads: its loads.
        run: the ids of the run's own span, to which each request has a link.
        done_ns: when the run ended, since it began.
        offset_ns: Unix time of the run's beginning.
    """
    engine = manifest.engine
    identity = EngineIdentity.of(engine)
    count = failed = 0
    for record in requests:
        count += 1
        failed += record.error is not None
        if record.trace_id is not None and record.span_id is not None:
            yield _request_span(manifest, record, identity, run, offset_ns)
    for number, load in enumerate(loads):
        yield Span(
            context=TraceContext(run.trace_id, _span_id_after(run.span_id, number + 1)),
            parent_span_id=run.span_id,
            name=names.load_span(identity.model),
            kind="client",
            start_ns=load.started_ns + offset_ns,
            end_ns=load.done_ns + offset_ns,
            attributes={
                Attribute.PROVIDER: identity.provider,
                Attribute.REQUEST_MODEL: identity.model,
                Attribute.REPETITION: load.repetition,
                Attribute.LOAD_S: load.load_s,
                Attribute.LOAD_STATE: load.state,
            },
        )
    yield Span(
        context=run,
        parent_span_id=None,
        name=names.RUN_SPAN,
        kind="internal",
        start_ns=offset_ns,
        end_ns=done_ns + offset_ns,
        attributes={
            Attribute.RUN_ID: manifest.run_id,
            Attribute.PROVIDER: identity.provider,
            Attribute.REQUEST_MODEL: identity.model,
            Attribute.REQUESTS: count,
            Attribute.FAILED: failed,
        },
    )


def _request_span(
    manifest: Manifest,
    record: RequestRecord,
    identity: EngineIdentity,
    run: TraceContext,
    offset_ns: int,
) -> Span:
    """Return what the client saw: a call of our service, or of the engine itself."""
    is_through_service = manifest.engine.via is not None
    attributes: Attributes
    if is_through_service:
        address, port = server_of(manifest.engine.url)
        attributes = {
            Attribute.HTTP_METHOD: "POST",
            Attribute.URL_TEMPLATE: names.SUMMARIES_ROUTE,
            Attribute.SERVER_ADDRESS: address,
            Attribute.SERVER_PORT: port,
        }
    else:
        attributes = _chat_attributes(identity, _options(manifest), is_streaming=True)
        attributes |= _usage_attributes(
            record.prompt_tokens, record.cached_tokens, record.output_tokens, record.finish_reason
        )
        attributes |= _engine_times(
            record.engine_load_s, record.prompt_eval_s, record.decode_s, record.engine_total_s
        )
    attributes |= _answer_attributes(
        chunk_ns=record.chunk_ns,
        asked_ns=record.sent_ns,
        prompt_chars=record.prompt_chars,
        output_chars=record.output_chars,
    )
    is_open_loop = manifest.workload.rate_per_s is not None
    attributes |= {
        Attribute.HTTP_STATUS: record.http_status,
        Attribute.ERROR_TYPE: record.error,
        Attribute.RUN_ID: manifest.run_id,
        Attribute.REQUEST_ID: record.request_id,
        Attribute.ARTICLE_ID: record.article_id,
        Attribute.REPETITION: record.repetition,
        Attribute.PHASE: "warmup" if record.is_warmup else "measured",
        Attribute.LATE_S: seconds(record.sent_ns - record.scheduled_ns) if is_open_loop else None,
    }
    return Span(
        context=TraceContext(record.trace_id or "", record.span_id or ""),
        parent_span_id=None,
        name=names.SUMMARIES_SPAN if is_through_service else names.chat_span(identity.model),
        kind="client",
        start_ns=record.sent_ns + offset_ns,
        end_ns=record.done_ns + offset_ns,
        attributes=attributes,
        events=_chunk_events(record.chunk_ns, offset_ns),
        links=(run,),
        is_error=record.error is not None,
        error_message=record.error_message,
    )


def resource_attributes(service: str, host: HostFacts) -> dict[str, str]:
    """Return what sends the spans; what is not known of the host is left out."""
    found = {
        ResourceAttribute.SERVICE_NAMESPACE: names.SERVICE_NAMESPACE,
        ResourceAttribute.SERVICE_NAME: service,
        ResourceAttribute.SERVICE_VERSION: yoyak.__version__,
        ResourceAttribute.HOST_NAME: host.hostname,
        ResourceAttribute.HOST_TYPE: host.instance_type,
        ResourceAttribute.HOST_ID: host.instance_id,
        ResourceAttribute.HOST_ARCHITECTURE: _ARCHITECTURES.get(
            host.architecture, host.architecture
        ),
        ResourceAttribute.ZONE: host.availability_zone,
    }
    return {name: value for name, value in found.items() if value is not None}


_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}  # as the conventions spell them


def server_of(url: str | None) -> tuple[str | None, int | None]:
    """Return host and port of an address; None where it is unknown."""
    if url is None:
        return None, None
    parts = urlsplit(url)
    return parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _is_callers_fault(status: int | None) -> bool:
    """Say whether the conventions leave a server's span without an error: 4xx is the caller's."""
    return status is not None and _FIRST_CLIENT_ERROR <= status < _FIRST_SERVER_ERROR


def _chat_attributes(
    engine: EngineIdentity | None, options: GenerationOptions | None, *, is_streaming: bool | None
) -> Attributes:
    attributes: Attributes = {Attribute.OPERATION: names.CHAT}
    if engine is not None:
        attributes |= {
            Attribute.PROVIDER: engine.provider,
            Attribute.REQUEST_MODEL: engine.model,
            Attribute.SERVER_ADDRESS: engine.address,
            Attribute.SERVER_PORT: engine.port,
        }
    if options is not None:
        attributes |= {
            Attribute.REQUEST_MAX_TOKENS: options.output_tokens,
            Attribute.REQUEST_SEED: options.seed,
            Attribute.REQUEST_TEMPERATURE: float(options.temperature),
        }
    attributes[Attribute.REQUEST_STREAM] = is_streaming
    return attributes


def _usage_attributes(
    prompt_tokens: int | None,
    cached_tokens: int | None,
    output_tokens: int | None,
    finish_reason: FinishReason | None,
) -> Mapping[str, Value | None]:
    return {
        Attribute.INPUT_TOKENS: prompt_tokens,
        Attribute.CACHED_TOKENS: cached_tokens,
        Attribute.OUTPUT_TOKENS: output_tokens,
        Attribute.FINISH_REASONS: None if finish_reason is None else (finish_reason,),
    }


def _engine_times(
    load_s: float | None, prompt_eval_s: float | None, decode_s: float | None, total_s: float | None
) -> Mapping[str, Value | None]:
    return {
        Attribute.LOAD_S: load_s,
        Attribute.PROMPT_EVAL_S: prompt_eval_s,
        Attribute.DECODE_S: decode_s,
        Attribute.ENGINE_TOTAL_S: total_s,
    }


def _answer_attributes(
    *, chunk_ns: Sequence[int], asked_ns: int, prompt_chars: int, output_chars: int
) -> Mapping[str, Value | None]:
    return {
        Attribute.TIME_TO_FIRST_CHUNK: seconds(chunk_ns[0] - asked_ns) if chunk_ns else None,
        Attribute.PROMPT_CHARS: prompt_chars,
        Attribute.OUTPUT_CHARS: output_chars,
    }


def _chunk_events(chunk_ns: Sequence[int], offset_ns: int) -> tuple[SpanEvent, ...]:
    if not chunk_ns:
        return ()
    return (
        SpanEvent(names.FIRST_CHUNK, chunk_ns[0] + offset_ns),
        SpanEvent(names.LAST_CHUNK, chunk_ns[-1] + offset_ns),
    )


def _options(manifest: Manifest) -> GenerationOptions | None:
    work = manifest.workload
    if work.output_tokens is None or work.seed is None or work.temperature is None:
        return None
    return GenerationOptions(
        output_tokens=work.output_tokens, seed=work.seed, temperature=work.temperature
    )


def _span_id_after(span_id: str, steps: int) -> str:
    """Return another id, the same for the same run and load; never the invalid 0."""
    return f"{(int(span_id, 16) + steps - 1) % (2**64 - 1) + 1:016x}"
