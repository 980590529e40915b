"""A client's own error: what it measured less what the ruler's truth log says."""

from collections.abc import Mapping, Sequence
from typing import Any

from yoyak.analysis.quantiles import quantile, quantile_above_floor
from yoyak.records import Calibration, CalibrationLevel, RequestRecord, StampError
from yoyak.units import PERCENT, seconds

# A client that uses more of its core than this answers in bursts: queueing theory has the wait at
# 90 % of a single server at nine service times.
SATURATED_CPU_PERCENT = 90.0
# A tenth of the shortest time to first token that people notice.
SATURATED_ERROR_S = 0.010


def calibration_level(
    requests: Sequence[RequestRecord],
    truth: Mapping[str, Mapping[str, Any]],
    *,
    concurrency: int,
    origin_ns: int,
    cpu_s: float,
    wall_s: float,
    rss_peak_bytes: int,
) -> CalibrationLevel:
    """Return the errors at one number of streams.

    The ruler's stamps are the reference, not its script: a write that is late is late in the truth
    log as well, and no error of the client. With r the kernel's time of a request's arrival at the
    ruler, w the times of its writes, s when the client sent, c its stamps:

        time to first token: (c_1 - s) - (w_1 - r)
        gap: (c_i+1 - c_i) - (w_i+1 - w_i)
        end to end: (c_done - s) - (w_done - r)

    Args:
        requests: as the client recorded them.
        truth: the ruler's entries by request id.
        concurrency: streams at a time.
        origin_ns: CLOCK_MONOTONIC that the client's stamps count from.
        cpu_s: of the client's process, over the level.
        wall_s: of the level.
        rss_peak_bytes: of the client's process.
    """
    first, gaps, whole, late = [], [], [], []
    tokens = failed = 0
    for record in requests:
        true = truth.get(record.request_id)
        written = [] if true is None else true["written_ns"]
        is_whole = len(written) == len(record.chunk_ns) > 0
        if record.error is not None or true is None or not is_whole:
            failed += 1
            continue
        tokens += record.output_tokens or len(record.chunk_ns)
        sent, received = record.sent_ns + origin_ns, true["received_ns"]
        came = [stamp + origin_ns for stamp in record.chunk_ns]
        first.append(seconds((came[0] - sent) - (written[0] - received)))
        gaps += [
            seconds((came[i + 1] - came[i]) - (written[i + 1] - written[i]))
            for i in range(len(came) - 1)
        ]
        done = record.done_ns + origin_ns
        whole.append(seconds((done - sent) - (true["done_written_ns"] - received)))
        late += [
            seconds(wrote - meant)
            for wrote, meant in zip(written, true["intended_ns"], strict=True)
        ]
    first_error = stamp_error(first)
    cpu_percent = PERCENT * cpu_s / wall_s if wall_s else None
    return CalibrationLevel(
        concurrency=concurrency,
        requests=len(first),
        failed=failed,
        time_to_first_token=first_error,
        inter_chunk_latency=stamp_error(gaps),
        end_to_end=stamp_error(whole),
        output_tokens_per_s=tokens / wall_s if wall_s else None,
        client_cpu_s_per_1000_tokens=1000 * cpu_s / tokens if tokens else None,
        client_cpu_percent=cpu_percent,
        client_rss_peak_bytes=rss_peak_bytes,
        ruler_lateness_p99_s=quantile(late, 0.99) if late else None,
        is_saturated=_is_saturated(first_error, cpu_percent, failed),
    )


def stamp_error(errors_s: Sequence[float]) -> StampError:
    """Return the summary of signed errors in seconds."""
    absolute = [abs(error) for error in errors_s]
    n = len(absolute)
    return StampError(
        n=n,
        bias_s=sum(errors_s) / n if n else None,
        p50_s=quantile_above_floor(absolute, 0.5, requests=n),
        p99_s=quantile_above_floor(absolute, 0.99, requests=n),
        max_s=max(absolute, default=None),
    )


def saturation(
    levels: Sequence[CalibrationLevel],
) -> tuple[int | None, int | None, float | None]:
    """Return the least concurrency that saturated, the most below it that did not, and its rate."""
    saturated = min((one.concurrency for one in levels if one.is_saturated), default=None)
    sound = [one for one in levels if saturated is None or one.concurrency < saturated]
    rates = [one.output_tokens_per_s for one in sound if one.output_tokens_per_s is not None]
    most = max((one.concurrency for one in sound), default=None)
    return saturated, most, max(rates, default=None)


def nearest_level(calibration: Calibration, concurrency: int) -> CalibrationLevel | None:
    """Return the level that stands for so many streams: the least one with as many, else the
    largest."""
    levels = sorted(calibration.levels, key=lambda level: level.concurrency)
    at_least = [level for level in levels if level.concurrency >= concurrency]
    return next(iter(at_least or levels[-1:]), None)


def _is_saturated(first: StampError, cpu_percent: float | None, failed: int) -> bool:
    error_s = first.p50_s if first.p99_s is None else first.p99_s
    return (
        failed > 0
        or (cpu_percent is not None and cpu_percent > SATURATED_CPU_PERCENT)
        or (error_s is not None and error_s > SATURATED_ERROR_S)
    )
