"""Whether a request kept within a latency target; light enough to be asked during a run."""

from collections.abc import Sequence

from yoyak.analysis.durations import end_to_end_s, time_per_output_token_s, time_to_first_token_s
from yoyak.records import RequestRecord, SloTarget


def target_latency_s(record: RequestRecord, target: SloTarget) -> float | None:
    """Return the latency that a target is of, counted from the intended start.

    Returns:
        Seconds, or None where the request failed or does not have it.
    """
    if target.latency == "time_to_first_token_s":
        return time_to_first_token_s(record, open_loop=True)
    if target.latency == "time_per_output_token_s":
        return time_per_output_token_s(record)
    return end_to_end_s(record, open_loop=True)


def is_over(record: RequestRecord, target: SloTarget) -> bool:
    """Say whether a request was over the limit; one that failed, or cannot tell, was."""
    latency_s = target_latency_s(record, target)
    return latency_s is None or latency_s > target.limit_s


def allowed_over(target: SloTarget, requests: int) -> int:
    """Return how many of so many requests may be over the limit: (1 - probability) of them.

    The percentile lies within the limit if no larger share is over it.
    """
    # 0.05 * 140 is 7.000000000000007 in binary, and (1 - 0.95) * 140 is less than 7.
    return int(round((1 - target.probability) * requests, 9))


def is_lost(over: Sequence[int], targets: Sequence[SloTarget], requests: int) -> bool:
    """Say whether a step of `requests` has missed a target whatever is still to come.

    Args:
        over: requests over each target so far, shape (n_targets,).
        targets: shape (n_targets,).
        requests: of the whole step.
    """
    return any(
        count > allowed_over(target, requests) for count, target in zip(over, targets, strict=True)
    )
