"""The truth log is what arrived, and the same script tells the same story twice."""

import json
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from tests.integration.ollama_replay.conftest import QUICK, QUICK_MODEL
from tests.integration.ollama_replay.raw import (
    RawAnswer,
    RawConnection,
    ask,
    chat,
    chat_body,
)

from ollama_replay import Replay, Script, Timeline, running
from yoyak.errors import HostError

Start = Callable[..., Replay]
MS = 1_000_000
CLOCK_SLACK_NS = MS  # the kernel stamps on the wall clock, which is slewed against the monotonic


def test_every_line_arrives_after_its_stamp_and_the_log_has_what_was_said(start: Start) -> None:
    replay = start(timeline=Timeline(gap_s=0.005, jitter_s=0.004))
    with RawConnection(replay.url) as connection:
        connection.send(
            "/api/chat",
            chat_body(options={"num_predict": 40}),
            headers="X-Request-Id: r1\r\ntraceparent: 00-abc-def-01\r\n",
        )
        answer = connection.read()
    (record,) = replay.answers(1)
    assert (record["request_id"], record["traceparent"]) == ("r1", "00-abc-def-01")
    assert (record["text"], record["output_tokens"]) == (answer.text, 40)
    arrivals = answer.line_arrivals_ns()
    stamps = [*record["written_ns"], record["done_written_ns"]]
    assert len(stamps) == len(arrivals) == 41
    assert all(at >= written for at, written in zip(arrivals, stamps, strict=True))
    assert stamps == sorted(stamps)
    assert connection.sent_ns - CLOCK_SLACK_NS <= record["received_ns"] <= record["read_ns"]
    metrics = {"total_duration", "load_duration", "eval_count", "eval_duration"}
    metrics |= {"prompt_eval_count", "prompt_eval_duration", "prompt_eval_cached_count"}
    told = {name: one for name, one in answer.objects[-1].items() if name in metrics}
    assert record["reported"] == told
    assert record["end_ns"] == record["done_written_ns"]


def test_what_was_meant_follows_from_the_script(start: Start) -> None:
    replay = start(timeline=Timeline(first_chunk_s=0.05, gap_s=0.003))
    chat(replay.url)
    chat(replay.url, options={"num_predict": 30})
    record = replay.answers(2)[1]
    meant = [record["received_ns"] + 50 * MS + n * 3 * MS for n in range(30)]
    assert record["intended_ns"] == meant
    assert all(w >= m for w, m in zip(record["written_ns"], meant, strict=True))
    assert record["reported"]["total_duration"] == 50 * MS + 29 * 3 * MS
    assert record["reported"]["eval_duration"] == 29 * 3 * MS


def test_writes_are_on_time(start: Start) -> None:
    """No limit of the ruler's (benchmarks/replay.py has that): a shared machine must pass it."""
    replay = start(timeline=Timeline(gap_s=0.01))
    chat(replay.url, options={"num_predict": 100})
    (record,) = replay.answers(1)
    late_ns = [w - m for w, m in zip(record["written_ns"], record["intended_ns"], strict=True)]
    assert min(late_ns) >= 0
    assert median(late_ns) < 5 * MS


def story(replay: Replay) -> list[dict[str, Any]]:
    """What a replay does for the same six requests, without the hour at which it does it."""
    lengths = (3, 40, 8, 20, 1, 15)
    for number, length in enumerate(lengths):
        chat(replay.url, f"기사 {number}", options={"num_predict": length})
    return [
        {
            "meant": [one - record["handed_ns"] for one in record["intended_ns"]],
            "text": record["text"],
            "reported": {
                name: one for name, one in record["reported"].items() if "total" not in name
            },
        }
        for record in replay.answers(len(lengths))[1:]  # the first one also waits for the load
    ]


JITTERY = Timeline(
    first_chunk_s=0.02,
    first_chunk_jitter_s=0.004,
    gap_s=0.002,
    jitter_s=0.002,
    tokens_per_chunk=(1, 2),
)


def test_the_same_seed_tells_the_same_story_and_another_one_another(start: Start) -> None:
    first = story(start(seed=5, timeline=JITTERY))
    assert story(start(seed=5, timeline=JITTERY)) == first
    other = story(start(seed=6, timeline=JITTERY))
    assert [one["meant"] for one in other] != [one["meant"] for one in first]
    assert [one["text"] for one in other] != [one["text"] for one in first]


def test_in_lockstep_all_streams_are_due_at_the_same_instants(start: Start) -> None:
    replay = start(timeline=Timeline(gap_s=0.02, align_s=0.02, unasked_tokens=5))
    chat(replay.url)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: chat(replay.url, f"기사 {number}"), range(8)))
    for record in replay.answers(9):
        assert {one % (20 * MS) for one in record["intended_ns"]} == {0}


def test_every_kind_of_request_is_logged(start: Start) -> None:
    replay = start()
    ask(replay.url, "/api/tags", method="GET")
    ask(replay.url, "/api/generate", {"model": "replay"})
    ask(replay.url, "/api/generate", {"model": "replay", "keep_alive": 0})
    ask(replay.url, "/api/chat", {"model": "none", "messages": [{"role": "user"}]})
    ask(replay.url, "/nowhere", method="GET")
    found = replay.wait_for(lambda one: one["kind"] == "request", 5)
    assert [(one["on"], one["status"], one["outcome"]) for one in found] == [
        ("tags", 200, "done"),
        ("load", 200, "done"),
        ("unload", 200, "done"),
        ("answer", 404, "error"),
        ("other", 404, "error"),
    ]


def test_a_server_that_is_stopped_writes_down_what_it_leaves(tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    script = Script(timeline=QUICK, models=(QUICK_MODEL,))
    with running(script, truth=truth) as replay, RawConnection(replay.url) as connection:
        connection.send("/api/chat", chat_body(options={"num_predict": 10_000}))
        begun = RawAnswer()
        connection.read_some(begun)
        os.kill(replay.pid, signal.SIGTERM)
        while not begun.end:
            connection.read_some(begun)
    assert begun.end in ("closed", "reset")
    records = [json.loads(line) for line in truth.read_text(encoding="utf-8").splitlines()]
    assert [one.get("event") for one in records] == ["start", None, "stop"]
    assert records[1]["outcome"] == "stopped"
    assert records[1]["written_ns"]
    assert records[2]["involuntary_switches"] >= 0


def test_a_core_that_is_not_there_is_a_host_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(HostError, match="ended with exit code 3"), running(cpu=100_000):
        pass
    assert "cannot run on core 100000; give --cpu one of 0" in capfd.readouterr().err


def test_waiting_for_records_that_do_not_come_ends(start: Start) -> None:
    began_s = time.monotonic()
    with pytest.raises(TimeoutError, match=r"0 of 1 records after 0\.1 s"):
        start().answers(1, within_s=0.1)
    assert time.monotonic() - began_s < 60
