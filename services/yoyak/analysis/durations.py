"""What one request took, from its record: every duration in seconds, None where it is unknown."""

from itertools import pairwise

from yoyak.records import RequestRecord
from yoyak.units import seconds

LEAST_TOKENS = 2  # a time per token after the first needs a second one


def succeeded(record: RequestRecord) -> bool:
    """Say whether the request ended well; only such requests enter latencies and rates."""
    return record.error is None


def begin_ns(record: RequestRecord, *, open_loop: bool) -> int:
    """Return the moment from which the user waits.

    Open loop: `scheduled_ns`, when the request was meant to leave, so that a late client or a full
    queue shows as latency instead of vanishing (coordinated omission). Closed loop: `sent_ns`.
    """
    return record.scheduled_ns if open_loop else record.sent_ns


def time_to_first_token_s(record: RequestRecord, *, open_loop: bool) -> float | None:
    """Return the time to the first non-empty chunk.

    chunk_ns[0] - begin, where begin is `begin_ns`

    Returns:
        Seconds, or None when the request failed or nothing arrived.
    """
    if not succeeded(record) or not record.chunk_ns:
        return None
    return seconds(record.chunk_ns[0] - begin_ns(record, open_loop=open_loop))


def inter_chunk_latencies_s(record: RequestRecord) -> tuple[float, ...]:
    """Return the gaps between neighbouring chunks, shape (n_chunks - 1,); empty if it failed.

    A chunk may hold several tokens, so this is no time per token.
    """
    if not succeeded(record):
        return ()
    return tuple(seconds(later - earlier) for earlier, later in pairwise(record.chunk_ns))


def time_per_output_token_s(record: RequestRecord) -> float | None:
    """Return the mean time per output token after the first, by the client's clock.

    (t_last - t_first) / (output_tokens - 1)

    Args:
        record: `chunk_ns` has shape (n_chunks,), ascending. A chunk may hold several tokens, so
            the divisor is the engine's token count.

    Returns:
        Seconds, or None when the request failed, made fewer than two tokens, or came in one chunk
        (an engine that does not stream: first and last stamp are then the same).

    Source:
        OpenTelemetry GenAI conventions, `gen_ai.server.time_per_output_token`.
    """
    tokens = record.output_tokens
    if not succeeded(record) or tokens is None or tokens < LEAST_TOKENS:
        return None
    span_s = client_decode_s(record)
    return None if span_s is None else span_s / (tokens - 1)


def client_decode_s(record: RequestRecord) -> float | None:
    """Return the span from first to last chunk, or None below two chunks or on failure."""
    if not succeeded(record) or len(record.chunk_ns) < LEAST_TOKENS:
        return None
    return seconds(record.chunk_ns[-1] - record.chunk_ns[0])


def end_to_end_s(record: RequestRecord, *, open_loop: bool) -> float | None:
    """Return the time until the engine's last byte.

    done_ns - begin, where begin is `begin_ns`
    """
    if not succeeded(record):
        return None
    return seconds(record.done_ns - begin_ns(record, open_loop=open_loop))


def prompt_eval_s(record: RequestRecord) -> float | None:
    """Return the engine's own prompt-evaluation time; None on failure or if it gave none."""
    return record.prompt_eval_s if succeeded(record) else None


def decode_s(record: RequestRecord) -> float | None:
    """Return the engine's own decode time, which covers output_tokens - 1 steps."""
    return record.decode_s if succeeded(record) else None


def queue_and_overhead_s(record: RequestRecord, *, open_loop: bool) -> float | None:
    """Return what neither prompt evaluation nor decoding explains.

    Where the engine states its total (Ollama):
        engine_total_s - engine_load_s - prompt_eval_s - decode_s
    else, by the client's clock:
        end_to_end_s - prompt_eval_s - decode_s

    The first leaves out network and client, the second holds them; `docs/measurement.md` says
    which engine gives which. Two clocks may differ by microseconds, so a value may be slightly
    below 0; it is not cut off.

    Returns:
        Seconds, or None when the request failed or a term is unknown.
    """
    wall_s = end_to_end_s(record, open_loop=open_loop)
    if wall_s is None or record.prompt_eval_s is None or record.decode_s is None:
        return None
    if record.engine_total_s is not None and record.engine_load_s is not None:
        wall_s = record.engine_total_s - record.engine_load_s
    return wall_s - record.prompt_eval_s - record.decode_s
