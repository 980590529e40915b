"""Every fault that the scripted engine knows, through `yoyak run`: what it leaves behind.

Each names the record's error class and the exit code, and that no other record is touched.
"""

import pytest
from tests.integration.bench.in_process import Runner
from tests.integration.bench.replays import TOKENS, a_script

from ollama_replay import Fault
from ollama_replay.script import FAULT_FIELDS
from yoyak.bench.blocks import CONSECUTIVE_FAILURES_MOST

HIT = 1  # the second of four measured requests


def fault(kind: str, **fields: object) -> Fault:
    return Fault(kind=kind, requests=(HIT,), **fields)  # type: ignore[arg-type] # each kind's own


FAILING = [
    (fault("status", status=404), "http_4xx", 404, 0),
    (fault("status", status=500), "http_5xx", 500, 0),
    (fault("status", status=503), "http_5xx", 503, 0),
    (fault("stall", for_s=20.0), "timeout", None, 0),
    (fault("stall", for_s=20.0, after_chunks=3), "timeout", None, 3),
    (fault("cut", after_chunks=3, framing="broken"), "reset", None, 3),
    (fault("cut", after_chunks=3, framing="clean"), "truncated", 200, 3),
    (fault("error_line", after_chunks=3), "engine_error", 200, 3),
    (fault("no_done"), "truncated", 200, TOKENS),
    (fault("no_done", after_chunks=3), "truncated", 200, 3),
    (fault("slow_headers", for_s=20.0), "timeout", None, 0),
    (fault("garbage"), "protocol", None, 1),
    (fault("garbage", place="head"), "protocol", None, 0),
    (fault("reset", after_chunks=0), "reset", None, 0),
    (fault("reset", after_chunks=3), "reset", None, 3),
    (fault("restart", after_chunks=3, scope="model"), "engine_error", 200, 3),
]
HARMLESS = [
    (fault("stall", for_s=0.4, after_chunks=3), 0.4),
    (fault("slow_headers", for_s=0.4), 0.4),
    (fault("split"), 0.0),
]


def name(value: object) -> str:
    if not isinstance(value, Fault):
        return "-"
    more = (value.status, value.framing, value.place, value.scope, value.after_chunks)
    return "-".join([value.kind, *(str(one) for one in more if one is not None)])


def test_every_kind_of_fault_is_here() -> None:
    here = {one.kind for one, *_ in FAILING} | {one.kind for one, _ in HARMLESS}
    assert here == set(FAULT_FIELDS)


@pytest.mark.parametrize(("fault", "error", "status", "chunks"), FAILING, ids=name)
def test_a_fault_fails_its_own_request_and_the_run_ends_with_1(
    runner: Runner, fault: Fault, error: str, status: int | None, chunks: int
) -> None:
    ended = runner.run(a_script(fault), timeout=0.6)
    assert ended.code == 1
    assert ended.last_line.startswith("error: 1 measured requests failed, --max-failures allows 0")
    records = ended.measured
    assert len(records) == 4
    hit = records.pop(HIT)
    assert hit.error == error
    assert hit.error_message
    assert status is None or hit.http_status == status
    # What had arrived before is kept; a fault in mid-write may take the chunk with it.
    assert chunks - 1 <= len(hit.chunk_ns) <= chunks
    for record in records:
        assert (record.error, record.output_tokens, len(record.chunk_ns)) == (None, TOKENS, TOKENS)
        assert record.done_ns - record.sent_ns < 500_000_000
    assert ended.run is not None
    assert ended.run.perf is not None
    assert (ended.run.perf.totals.requests, ended.run.perf.totals.failed) == (4, 1)
    assert ended.run.perf.latency.end_to_end_s.n == 3
    assert "failed-requests" in {finding.code for finding in ended.run.perf.findings}


@pytest.mark.parametrize(("fault", "delay_s"), HARMLESS, ids=name)
def test_what_is_only_slow_is_measured_as_slow(
    runner: Runner, fault: Fault, delay_s: float
) -> None:
    ended = runner.run(a_script(fault), timeout=10)
    assert ended.code == 0
    hit = ended.measured[HIT]
    assert hit.error is None
    assert hit.output_tokens == TOKENS
    assert "\ufffd" not in hit.output
    assert (hit.done_ns - hit.sent_ns) / 1e9 >= delay_s


def test_as_many_failures_as_are_allowed_end_with_0(runner: Runner) -> None:
    ended = runner.run(a_script(fault("reset", after_chunks=3)), **{"max-failures": 1})
    assert ended.code == 0
    assert [record.error for record in ended.measured] == [None, "reset", None, None]


def test_a_restarted_server_is_found_again(runner: Runner) -> None:
    script = a_script(fault("restart", after_chunks=2, for_s=0.1, scope="server"))
    ended = runner.run(script, rate=4, arrivals="constant", timeout=10)
    assert ended.code == 1
    assert [record.error for record in ended.measured] == [None, "reset", None, None]


def test_concurrent_requests_do_not_touch_each_other(runner: Runner) -> None:
    script = a_script(fault("reset", after_chunks=3), parallel=4)
    ended = runner.run(script, concurrency=4)
    assert ended.code == 1
    assert sorted(str(record.error) for record in ended.measured) == ["None"] * 3 + ["reset"]


def test_an_engine_that_fails_on_and_on_ends_the_run_with_1(runner: Runner) -> None:
    script = a_script(Fault(kind="status", status=500))
    ended = runner.run(script, articles=12)
    assert ended.code == 1
    assert "failed request after request" in ended.last_line
    assert [r.error for r in ended.measured] == ["http_5xx"] * CONSECUTIVE_FAILURES_MOST


@pytest.mark.parametrize("on", ["version", "tags", "ps", "show"])
def test_a_question_that_fails_before_the_run_ends_with_3_and_leaves_no_folder(
    runner: Runner, on: str
) -> None:
    ended = runner.run(a_script(Fault(kind="status", status=500, on=on)))
    assert ended.code == 3
    assert ended.last_line.startswith("error: ")
    assert f"/api/{on} answered 500" in ended.last_line
    assert ended.run is None


@pytest.mark.parametrize(("on", "index"), [("load", 2), ("unload", 1)])
def test_a_reload_that_fails_ends_with_3_and_keeps_what_was_finished(
    runner: Runner, on: str, index: int
) -> None:
    broken = Fault(kind="status", status=500, on=on, requests=(index,))
    ended = runner.run(a_script(broken), repetitions=2)
    assert ended.code == 3
    assert "answered 500" in ended.last_line
    assert [(r.repetition, r.error) for r in ended.measured] == [(0, None)] * 4
    assert ended.run is not None
    assert [block.repetition for block in ended.run.blocks] == [0]
    assert ended.run.perf is None  # it did not end; --resume goes on with it
