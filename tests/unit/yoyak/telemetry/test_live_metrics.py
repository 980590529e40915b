"""What is read from a service at the moment of a scrape."""

import os
from dataclasses import replace

from prometheus_client.registry import CollectorRegistry

from yoyak.host.facts import host_facts
from yoyak.telemetry.live_metrics import LiveMetrics, LiveState

LIVE = LiveState(in_flight=1, queue_depth=2, is_engine_up=True, engine=None, host=None)


def memory_total_bytes(state: LiveState) -> float | None:
    registry = CollectorRegistry()
    LiveMetrics(registry, lambda: state)
    return registry.get_sample_value("yoyak_host_memory_total_bytes")


def test_the_hosts_memory_is_what_the_kernel_says() -> None:
    facts = host_facts(ask_metadata=False)
    kernel_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert memory_total_bytes(replace(LIVE, host=facts)) == kernel_bytes


def test_a_host_that_does_not_tell_its_memory_has_no_series() -> None:
    facts = replace(host_facts(ask_metadata=False), memory_total_bytes=None)
    assert memory_total_bytes(replace(LIVE, host=facts)) is None
