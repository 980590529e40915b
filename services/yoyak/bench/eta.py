"""A first guess of how long a run takes, from the shape of model and work, before any request."""

from collections.abc import Sequence

# Measured with xllamacpp 2026.10.11549 on 2 cores of a virtual machine: a 7B q4_0 model evaluated
# prompts at 10.3 tokens/s (2 x 7.24e9 x 10.3 / 2 = 75e9 operations a second and core) and decoded
# at 5.9 tokens/s (4.1 GB x 5.9 = 24e9 bytes/s). A guess for telling minutes from hours, no more.
PROMPT_OPERATIONS_PER_S_PER_THREAD = 70e9
DECODE_BYTES_PER_S_PER_THREAD = 10e9
DECODE_BYTES_PER_S_MOST = 150e9  # memory channels end somewhere, however many the threads
LOAD_BYTES_PER_S = 500e6
INTERPRETERS_S = 2.0  # the service's imports, then the engine's; on 2 cores of the same machine
REPORT_S = 3.0  # the chart library's start, once a process, is 1.9 s of it (docs/performance.md)


def guess_run_s(
    *,
    prompt_tokens: Sequence[int],
    output_tokens: int,
    parameters: int,
    size_bytes: int,
    threads: int,
    repetitions: int,
    warmup: int,
) -> float:
    """Return the expected seconds of a whole run on a CPU, good to a factor of about two.

    repetitions x (load + (1 + warmup / n) x sum over articles of (prompt + decode))

    Args:
        prompt_tokens: shape (n_articles,).
        warmup: requests at the head of each repetition.
    """
    prompt_per_s = PROMPT_OPERATIONS_PER_S_PER_THREAD * threads / (2 * parameters)
    bytes_per_s = min(DECODE_BYTES_PER_S_PER_THREAD * threads, DECODE_BYTES_PER_S_MOST)
    decode_per_s = bytes_per_s / size_bytes
    one_pass = sum(n / prompt_per_s + output_tokens / decode_per_s for n in prompt_tokens)
    load = size_bytes / LOAD_BYTES_PER_S
    return repetitions * (load + one_pass * (1 + warmup / len(prompt_tokens)))


def guess_start_s(size_bytes: int) -> float:
    """Return the expected seconds of the summarizer's start: two interpreters and the weights."""
    return INTERPRETERS_S + size_bytes / LOAD_BYTES_PER_S


def duration_words(seconds: float) -> str:
    """Return a duration for a human, e.g. "40 s", "12 min", "3.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
