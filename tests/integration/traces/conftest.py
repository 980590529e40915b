"""Receivers, and services on a quick replay."""

from collections.abc import Iterator

import pytest
from tests.integration.traces.receivers import Receiver

from ollama_replay import Model, Replay, Script, Timeline, running

QUICK = Timeline(
    first_chunk_s=0.01, warm_load_s=0.002, overhead_s=0.001, gap_s=0.002, unasked_tokens=8
)


@pytest.fixture(scope="session")
def replay() -> Iterator[Replay]:
    """One quick engine for all tests."""
    with running(
        Script(
            timeline=QUICK,
            models=(Model(name="replay:1b", load_s=0.02, unload_s=0.02),),
            parallel=8,
        )
    ) as one:
        yield one


def environment(receiver: Receiver, protocol: str = "http/protobuf") -> dict[str, str]:
    """Return OpenTelemetry's own variables for a receiver."""
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-tests=yes",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=tests",
    }
