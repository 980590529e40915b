"""What a client's own measuring error is on one host, by the number of streams."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StampError:
    """How far a measured time is from the ruler's, in seconds; None: too few samples, or none.

    Attributes:
        n: samples: requests, or gaps.
        bias_s: mean of measured less true.
        p50_s: of the absolute error, as the next two.
    """

    n: int
    bias_s: float | None
    p50_s: float | None
    p99_s: float | None
    max_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationLevel:
    """One number of streams."""

    concurrency: int
    requests: int  # that succeeded
    failed: int
    time_to_first_token: StampError
    inter_chunk_latency: StampError  # of single gaps
    end_to_end: StampError
    output_tokens_per_s: float | None  # that came in, over the whole level
    client_cpu_s_per_1000_tokens: float | None
    client_cpu_percent: float | None  # 100 = one core
    client_rss_peak_bytes: int | None
    ruler_lateness_p99_s: (
        float | None
    )  # of its writes; no error of the client, which sees them late
    is_saturated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """calibration.json, and `calibration` in perf.json."""

    schema_version: int
    host_id: str  # of the host's name, kernel and CPU
    yoyak_version: str
    measured_at: str  # ISO 8601 UTC
    engine: str  # the adapter: ollama or openai
    has_own_cores: bool  # client and ruler each had a core to itself
    is_realtime: bool  # both under SCHED_FIFO
    first_chunk_s: float  # the ruler's script
    gap_s: float
    levels: tuple[CalibrationLevel, ...]
    saturation_concurrency: int | None  # the least that saturated; None: none did
    sound_concurrency: int | None  # the most, below that, at which the client kept up
    sound_tokens_per_s: float | None  # the most tokens a second there
