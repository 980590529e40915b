"""Unloading and loading the model, and clients that go away."""

import time
from collections.abc import Callable
from pathlib import Path

import psutil
from tests.integration.summarizer.running import Service, is_alive, serving, wait_until

LONG = 3000


def test_unload_frees_the_memory_and_load_brings_the_model_back(basics: tuple[str, ...]) -> None:
    with serving(*basics) as service:
        before = service.engine
        assert before["can_reload"] is True
        assert service.metric("yoyak_engine_resident_memory_bytes")
        assert service.ask("POST", "/v1/engine/unload").status == 204
        assert service.metric("yoyak_engine_resident_memory_bytes") is None
        assert service.metric("yoyak_engine_up") == 0
        loaded = service.ask("POST", "/v1/engine/load")
        assert loaded.status == 200
        assert loaded.json["load_s"] > 0
        assert loaded.json["state"] in {"page_cache", "disk", None}
        assert service.ask("GET", "/readyz").status == 200
        assert service.metric("yoyak_engine_up") == 1
        assert service.metric("yoyak_engine_resident_memory_bytes")
        assert service.summarize(output_tokens=2).status == 200


def test_unloading_twice_is_no_error(basics: tuple[str, ...]) -> None:
    with serving(*basics) as service:
        for _ in range(2):
            assert service.ask("POST", "/v1/engine/unload").status == 204


def test_the_model_stays_while_a_request_is_in_flight(service: Service) -> None:
    with service.streaming(output_tokens=LONG) as response:
        assert response.readline()
        for change in ("unload", "load"):
            refused = service.ask("POST", f"/v1/engine/{change}")
            assert refused.status == 409
            assert refused.json["type"] == "urn:yoyak:problem:conflict"
    wait_until(lambda: service.metric("yoyak_requests_in_flight") == 0, "the slot is free")


def test_a_client_that_leaves_a_stream_ends_the_engines_work(service: Service) -> None:
    cancelled = cancellations(service)
    with service.streaming(output_tokens=LONG) as response:
        assert response.readline()
    left_s = time.monotonic()
    wait_until(lambda: cancellations(service) == cancelled + 1, "the request counts as cancelled")
    wait_until(is_idle(service.engine["pid"]), "the engine rests", within_s=5)
    assert time.monotonic() - left_s < 5


def test_a_client_that_leaves_without_streaming_ends_the_engines_work(service: Service) -> None:
    cancelled = cancellations(service)
    connection = service.connection()
    connection.putrequest("POST", "/v1/summaries")
    body = b'{"article":{"id":"1","title":"t","text":"t"},"options":{"output_tokens":3000}}'
    connection.putheader("content-type", "application/json")
    connection.putheader("content-length", str(len(body)))
    connection.endheaders(body)
    wait_until(lambda: service.metric("yoyak_requests_in_flight") == 1, "the engine works")
    connection.close()
    wait_until(lambda: cancellations(service) == cancelled + 1, "the request counts as cancelled")
    wait_until(is_idle(service.engine["pid"]), "the engine rests", within_s=5)


def test_a_client_that_leaves_the_queue_gives_its_place_up(service: Service) -> None:
    with service.streaming(output_tokens=LONG) as first:
        assert first.readline()
        connection = service.connection()
        body = b'{"article":{"id":"1","title":"t","text":"t"},"options":{"output_tokens":3000}}'
        connection.request("POST", "/v1/summaries", body, {"content-type": "application/json"})
        wait_until(lambda: service.metric("yoyak_queue_depth") == 1, "the second waits")
        connection.close()
        wait_until(lambda: service.metric("yoyak_queue_depth") == 0, "nobody waits")


def test_the_engine_is_a_process_of_its_own_with_the_model_open(service: Service) -> None:
    pid = service.engine["pid"]
    assert is_alive(pid)
    assert service.process.pid in {parent.pid for parent in psutil.Process(pid).parents()}
    assert Path(f"/proc/{pid}").exists()


def cancellations(service: Service) -> float:
    value = service.metric("yoyak_requests_total", outcome="cancelled", phase="measured")
    assert value is not None
    return value


def is_idle(pid: int) -> Callable[[], bool]:
    """Return a condition: the process used under 10 % of a core for a tenth of a second."""
    process = psutil.Process(pid)

    def idle() -> bool:
        return process.cpu_percent(interval=0.1) < 10

    return idle
