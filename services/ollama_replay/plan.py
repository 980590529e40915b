"""What an answer will be and when: counts, durations and intended times, all before it begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ollama_replay.bodies import Question
from ollama_replay.catalogue import effective_context
from ollama_replay.options import answer_tokens
from ollama_replay.pacing import Pacing
from ollama_replay.prompt_tokens import cached_tokens, count_tokens, tokens_kept
from ollama_replay.script import Model, Script, ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An answer, settled.

    Attributes:
        place: in the ring of jitter.
        first_ns: when the first chunk is meant to leave, or, of an empty answer, the last line.
        prompt_eval_ns: from the slot to `first_ns`, tokenizing left out.
        decode_ns: from the first chunk to the last, pauses by script left out.
        chunks: how many lines hold text.
        reason: "stop" where the model ends by itself, "length" where it was told to.
    """

    place: int
    first_ns: int
    prompt_eval_ns: int
    decode_ns: int
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    chunks: int
    reason: str


def plan_answer(
    script: Script,
    model: Model,
    pacing: Pacing,
    question: Question,
    options: Mapping[str, Any],
    *,
    num_ctx: int,
    index: int,
    shared_chars: int,
    granted_ns: int,
) -> Plan:
    """Return the plan of an answer.

    Args:
        script: of the server.
        model: asked for.
        pacing: of its timeline.
        question: asked.
        options: checked.
        num_ctx: that the runner was loaded with.
        index: of the request among all answers.
        shared_chars: of the prompt, that a recent prompt began with.
        granted_ns: when the slot is free and the prompt tokenized.

    Raises:
        PromptTooLongError: the prompt does not fit and may not be cut.
    """
    timeline = script.timeline_of(model)
    context = effective_context(model, num_ctx)
    prompt_tokens = tokens_kept(
        count_tokens(question.prompt, model.tokens_per_char),
        context,
        truncate=question.truncate,
        shift=question.shift,
    )
    cached = cached_tokens(model.cached_tokens, shared_chars, model.tokens_per_char, prompt_tokens)
    asked = answer_tokens(options, context)
    output_tokens, reason = answer_length(asked, timeline.answer_tokens, timeline.unasked_tokens)
    room = context - prompt_tokens
    if not question.shift and output_tokens > room:
        output_tokens, reason = room, "length"
    chunks = pacing.chunks(output_tokens)
    place = pacing.place(index)
    prompt_eval_ns = (
        ns(timeline.first_chunk_s)
        - ns(timeline.warm_load_s)
        - ns(timeline.overhead_s)
        + pacing.first_jitter_ns(index)
        + ns((prompt_tokens - cached) * timeline.prompt_eval_token_s)
    )
    first_ns = pacing.aligned_ns(granted_ns + prompt_eval_ns)
    return Plan(
        place=place,
        first_ns=first_ns,
        prompt_eval_ns=first_ns - granted_ns,
        decode_ns=pacing.span_ns(place, chunks),
        prompt_tokens=prompt_tokens,
        cached_tokens=cached,
        output_tokens=output_tokens,
        chunks=chunks,
        reason=reason,
    )


def answer_length(asked: int | None, natural: int | None, unasked: int) -> tuple[int, str]:
    """Return the tokens of an answer and why it ends.

    Args:
        asked: the most that the request allows, or None.
        natural: where the model stops by itself, or None.
        unasked: the length when neither says anything.
    """
    if asked is None:
        return (unasked if natural is None else natural), "stop"
    if natural is not None and natural < asked:
        return natural, "stop"
    return asked, "length"


def measure(
    plan: Plan,
    script: Script,
    *,
    received_ns: int,
    handed_ns: int,
    generated_ns: int,
    stalled_prompt_ns: int = 0,
    stalled_decode_ns: int = 0,
) -> dict[str, int | None]:
    """Return the counts and durations of the last line; None is what Ollama leaves out.

    total = generated - received and load = handed - received; what neither they nor prompt eval and
    decoding cover is the wait for a slot, tokenizing, and a pause before the last line. Zeros are
    left out, save that of the cached tokens, which is a pointer in Ollama.

    Args:
        plan: of the answer.
        script: of the server, whose version decides what is counted.
        received_ns: when the request came.
        handed_ns: when the runner was handed over.
        generated_ns: when the last token was out.
        stalled_prompt_ns: by how much a fault delayed the first chunk.
        stalled_decode_ns: by how much faults delayed later ones.
    """
    new_tokens = plan.prompt_tokens - plan.cached_tokens
    counted = plan.prompt_tokens if script.counts_cached_tokens else new_tokens
    return {
        "total_duration": generated_ns - received_ns,
        "load_duration": (handed_ns - received_ns) or None,
        "prompt_eval_count": counted or None,
        "prompt_eval_cached_count": plan.cached_tokens if script.says_cached_tokens else None,
        "prompt_eval_duration": (plan.prompt_eval_ns + stalled_prompt_ns) or None,
        "eval_count": plan.output_tokens or None,
        "eval_duration": (plan.decode_ns + stalled_decode_ns) or None,
    }
