"""How a stream goes wrong: each fault takes the place of the chunk before which it strikes."""

from time import monotonic_ns
from typing import TYPE_CHECKING

from ollama_replay.responses import (
    GARBAGE_HEAD,
    GARBAGE_LINE,
    fault_message,
    trickle,
)
from ollama_replay.script import Fault, ns

if TYPE_CHECKING:
    from ollama_replay.answer import Answer

NEVER = -1
SPLIT_S = 0.002  # between the halves of a split character: two segments, read apart
FIRST_CONTINUATION_BYTE = 0x80


def break_index(fault: Fault | None, chunks: int) -> int:
    """Return the chunk before which a fault strikes a stream; `chunks` is the last line."""
    if fault is None:
        return NEVER
    if fault.after_chunks is not None:
        return fault.after_chunks
    if fault.kind == "no_done":
        return chunks
    return 1 if fault.kind == "garbage" and fault.place != "head" else 0


def break_stream(answer: "Answer", due_ns: int) -> None:
    """Do to the stream what its fault says, at the time its next line is due."""
    fault = answer.fault
    if fault is None:
        return
    answer.has_fired = True
    BREAKS[fault.kind](answer, fault, due_ns)


def _stall(answer: "Answer", fault: Fault, due_ns: int) -> None:
    answer.pause(due_ns, ns(fault.for_s or 0.0))


def _slow_headers(answer: "Answer", fault: Fault, due_ns: int) -> None:
    for_ns = ns(fault.for_s or 0.0)
    trickle(answer.stage.loop, answer.connection.write, answer.take_head(), due_ns, for_ns)
    answer.pause(due_ns, for_ns)


def _cut(answer: "Answer", fault: Fault, _due_ns: int) -> None:
    """End in mid-line: inside an HTTP chunk, or with the HTTP body ended properly."""
    line = answer.next_line(is_framed=fault.framing != "clean")
    half = line[: len(line) // 2]
    if fault.framing == "clean":
        answer.end_with(half, "fault")
    else:
        answer.end("fault", answer.write(half))


def _error_line(answer: "Answer", fault: Fault, due_ns: int) -> None:
    """Say the error in the stream, or, before its first byte, by the status, as Ollama does."""
    if answer.number == 0:
        answer.error(500, fault_message(fault, 500), due_ns)
    else:
        answer.end_with(answer.lines.error(fault_message(fault, 500)), "error")


def _no_done(answer: "Answer", _fault: Fault, _due_ns: int) -> None:
    answer.end_with(b"", "fault")


def _garbage(answer: "Answer", fault: Fault, due_ns: int) -> None:
    if fault.place == "head":
        answer.take_head()
        answer.end("fault", answer.write(GARBAGE_HEAD))
    else:
        answer.write(answer.lines.framed(GARBAGE_LINE))
        answer.pause(due_ns, 0)


def _reset(answer: "Answer", _fault: Fault, _due_ns: int) -> None:
    now_ns = monotonic_ns()
    answer.connection.abort()
    answer.end("fault", now_ns)


def _split(answer: "Answer", fault: Fault, due_ns: int) -> None:
    """Write the line in two, cut inside a character where it has one of several bytes."""
    plan = answer.plan
    if plan is None or answer.number == plan.chunks:  # the last line has no text
        answer.pause(due_ns, 0)
        return
    framed = answer.next_line(is_framed=True)
    at = next((i for i, byte in enumerate(framed) if byte >= FIRST_CONTINUATION_BYTE), None)
    cut = len(framed) // 2 if at is None else at + 1
    whole_ns = due_ns + ns(SPLIT_S if fault.for_s is None else fault.for_s)
    answer.write(framed[:cut])

    def rest(_: int) -> None:
        if not answer.is_over:
            written_ns = answer.write(framed[cut:])
            is_every = fault.after_chunks is None and answer.number + 1 < plan.chunks
            answer.break_at = answer.number + 1 if is_every else NEVER
            answer.count_chunk(whole_ns, written_ns)

    answer.stage.loop.at(whole_ns, rest)


def _restart(answer: "Answer", fault: Fault, due_ns: int) -> None:
    if fault.scope == "model":
        answer.crash_model(due_ns)
    else:
        answer.stage.restart(due_ns + ns(fault.for_s or 0.0))


BREAKS = {
    "stall": _stall,
    "slow_headers": _slow_headers,
    "cut": _cut,
    "error_line": _error_line,
    "no_done": _no_done,
    "garbage": _garbage,
    "reset": _reset,
    "split": _split,
    "restart": _restart,
}
