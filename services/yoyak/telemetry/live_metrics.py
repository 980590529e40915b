"""The metrics of a service's state now: its queue, its engine, and what it is."""

import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prometheus_client.core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

import yoyak
from yoyak.host.facts import HostFacts
from yoyak.records import EngineFacts
from yoyak.telemetry import names
from yoyak.telemetry.host_metrics import Rows, family


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveState:
    """A service at the moment of a scrape; what is not known yet is None."""

    in_flight: int
    queue_depth: int
    is_engine_up: bool
    engine: EngineFacts | None
    host: HostFacts | None
    spans_dropped: int | None = None  # None: none are sent


class LiveMetrics(Collector):
    """Gauges that are read, not kept."""

    def __init__(self, registry: CollectorRegistry, read: Callable[[], LiveState]) -> None:
        """Register with `registry`; `read` is called at every scrape."""
        self._read = read
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Build the families of the state as it is now."""
        live = self._read()
        yield family(names.IN_FLIGHT, [((), live.in_flight)])
        yield family(names.QUEUE_DEPTH, [((), live.queue_depth)])
        yield family(names.ENGINE_UP, [((), float(live.is_engine_up))])
        if live.spans_dropped is not None:
            yield family(names.SPANS_DROPPED, [((), live.spans_dropped)])
        yield family(names.BUILD_INFO, _info(yoyak.__version__, platform.python_version()))
        if live.engine is not None:
            yield family(names.MODEL_INFO, _model_info(live.engine))
        if live.host is not None:
            yield family(names.HOST_INFO, _host_info(live.host))
            if live.host.memory_total_bytes is not None:
                yield family(names.HOST_MEMORY_TOTAL, [((), live.host.memory_total_bytes)])

    def describe(self) -> list[Metric]:
        """Return nothing, so that registering reads no state."""
        return []


def _info(*values: object) -> Rows:
    """Return the one row of an info metric; an unknown value is an empty label, that is, none."""
    return [(tuple("" if value is None else str(value) for value in values), 1.0)]


def _model_info(engine: EngineFacts) -> Rows:
    model = engine.model
    synthetic = None if model.synthetic is None else str(model.synthetic).lower()
    return _info(
        engine.name,
        engine.version,
        model.name,
        model.quantization,
        synthetic,
        model.weights_sha256,
    )


def _host_info(host: HostFacts) -> Rows:
    return _info(
        host.architecture, host.cpu_model, host.kernel, host.logical_cpus, host.physical_cores
    )
