"""Whether and where spans are sent, from OpenTelemetry's standard environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from yoyak.errors import UsageError

Protocol = Literal["grpc", "http/protobuf"]

DISABLED = "OTEL_SDK_DISABLED"
EXPORTER = "OTEL_TRACES_EXPORTER"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
DELAY_MS = "OTEL_BSP_SCHEDULE_DELAY"
QUEUE_SIZE = "OTEL_BSP_MAX_QUEUE_SIZE"
SAMPLER = "OTEL_TRACES_SAMPLER"
SAMPLER_ARGUMENT = "OTEL_TRACES_SAMPLER_ARG"
_SAMPLERS = {"always_on": 1.0, "always_off": 0.0, "traceidratio": None}
_RATIO_RANGE = 2.0**64  # of the lower half of a trace id, as OpenTelemetry samples


@dataclass(frozen=True, slots=True, kw_only=True)
class OtlpSettings:
    """Where spans go. The exporter reads headers, certificates and timeouts itself."""

    endpoint: str  # as it was given, for messages
    protocol: Protocol = "http/protobuf"
    root_ratio: float = 1.0  # share of the traces that begin with us and are kept
    wait_s: float = 5.0  # that a span waits for company; a batch costs what ten requests do
    queue_most: int = 4096  # spans that may wait: 2 MB, and 10 s of 200 requests/s

    def is_root_sampled(self, trace_id: str) -> bool:
        """Say whether a trace that begins with us is kept, the same for the same id."""
        return int(trace_id[16:], 16) < self.root_ratio * _RATIO_RANGE


def settings_from(environ: Mapping[str, str]) -> OtlpSettings | None:
    """Return where spans go, or None: no endpoint is named, or the SDK is disabled.

    Raises:
        UsageError: a variable holds what it cannot; names it.
    """
    if environ.get(DISABLED, "").strip().lower() == "true":
        return None
    exporter = environ.get(EXPORTER) or "otlp"
    if exporter == "none":
        return None
    if exporter != "otlp":
        raise UsageError(f'{EXPORTER} is "{exporter}"; it takes otlp or none')
    variable, endpoint = _first(environ, ENDPOINTS)
    if not endpoint:
        return None
    where, protocol = _first(environ, PROTOCOLS)
    if protocol not in ("", "grpc", "http/protobuf"):
        raise UsageError(f'{where} is "{protocol}"; it takes grpc or http/protobuf')
    if protocol != "grpc" and not endpoint.startswith(("http://", "https://")):
        raise UsageError(
            f'{variable} is "{endpoint}"; it takes an address such as http://localhost:4318'
        )
    return OtlpSettings(
        endpoint=endpoint,
        protocol="grpc" if protocol == "grpc" else "http/protobuf",
        root_ratio=_root_ratio(environ),
        wait_s=_count(environ, DELAY_MS, 5_000) / 1000,
        queue_most=_count(environ, QUEUE_SIZE, 4096),
    )


def _root_ratio(environ: Mapping[str, str]) -> float:
    """Return the share of new traces that are kept; a caller's own decision always holds."""
    sampler = environ.get(SAMPLER) or "parentbased_always_on"
    base = sampler.removeprefix("parentbased_")
    if base not in _SAMPLERS:
        raise UsageError(
            f'{SAMPLER} is "{sampler}"; it takes always_on, always_off or traceidratio, '
            "with parentbased_ before it or without"
        )
    ratio = _SAMPLERS[base]
    if ratio is not None:
        return ratio
    argument = environ.get(SAMPLER_ARGUMENT) or "1"
    try:
        ratio = float(argument)
    except ValueError:
        ratio = -1.0
    if not 0 <= ratio <= 1:
        raise UsageError(f'{SAMPLER_ARGUMENT} is "{argument}"; it takes a number from 0 to 1')
    return ratio


def _count(environ: Mapping[str, str], variable: str, default: int) -> int:
    value = environ.get(variable) or str(default)
    if not value.isascii() or not value.isdigit() or int(value) == 0:
        raise UsageError(f'{variable} is "{value}"; it takes a whole number of at least 1')
    return int(value)


def _first(environ: Mapping[str, str], variables: tuple[str, ...]) -> tuple[str, str]:
    for variable in variables:
        value = environ.get(variable, "").strip()
        if value:
            return variable, value
    return variables[-1], ""
