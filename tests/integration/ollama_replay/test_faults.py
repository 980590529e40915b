"""Each scripted fault, seen from a socket: what came, how it ended, and that nothing else broke."""

import errno
import json
import os
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.integration.ollama_replay.conftest import QUICK_MODEL
from tests.integration.ollama_replay.raw import (
    DEADLINE_S,
    RawAnswer,
    RawConnection,
    ask,
    chat,
    chat_body,
)

from ollama_replay import Fault, Model, Replay

Start = Callable[..., Replay]
MS = 1_000_000
TOKENS = 8  # of an answer of the quick timeline


def is_sound(answer: RawAnswer) -> bool:
    """Whether an answer is a whole stream with all its tokens and its last word."""
    objects = answer.objects
    return (
        answer.status == 200
        and answer.end == "whole"
        and [one["done"] for one in objects] == [False] * TOKENS + [True]
    )


def one_fault(start: Start, kind: str, **fault: object) -> tuple[RawAnswer, dict[str, Any]]:
    """The answer that has the fault, and its record; the ones before and after are sound."""
    chosen = Fault(kind=kind, requests=(1,), **fault)  # type: ignore[arg-type] # each test's fields
    replay = start(faults=(chosen,))
    assert is_sound(chat(replay.url))
    broken = chat(replay.url)
    assert is_sound(chat(replay.url))
    records = replay.answers(3)
    assert [(one["outcome"], one["fault"], one["fault_fired"]) for one in records[::2]] == [
        ("done", None, False)
    ] * 2
    assert (records[1]["fault"], records[1]["fault_fired"]) == (kind, True)
    return broken, records[1]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "model not found, try pulling it first"),
        (500, "an error was encountered while running the model: unexpected EOF"),
        (503, "server busy, please try again.  maximum pending requests exceeded"),
    ],
)
def test_a_status_has_ollamas_words(start: Start, status: int, said: str) -> None:
    answer, record = one_fault(start, "status", status=status)
    assert (answer.status, answer.end) == (status, "whole")
    assert answer.objects == [{"error": said}]
    assert (record["status"], record["outcome"]) == (status, "error")


def test_a_status_may_have_words_of_its_own(start: Start) -> None:
    answer, _ = one_fault(start, "status", status=500, message="CUDA error: out of memory")
    assert answer.objects == [{"error": "CUDA error: out of memory"}]


def test_a_stall_is_a_gap_that_decoding_takes_longer_by(start: Start) -> None:
    answer, record = one_fault(start, "stall", after_chunks=3, for_s=0.3)
    assert is_sound(answer)
    arrivals = answer.line_arrivals_ns()
    assert arrivals[3] - arrivals[2] >= 300 * MS
    assert record["intended_ns"][3] - record["intended_ns"][2] == 302 * MS
    assert answer.objects[-1]["eval_duration"] == 7 * 2 * MS + 300 * MS


def test_a_stall_before_the_first_chunk_is_prompt_eval(start: Start) -> None:
    answer, record = one_fault(start, "stall", for_s=0.2)
    assert answer.reads[0][0] - record["received_ns"] >= 210 * MS
    assert answer.objects[-1]["prompt_eval_duration"] == 207 * MS
    assert answer.objects[-1]["total_duration"] == 210 * MS + 7 * 2 * MS


def test_a_cut_ends_the_connection_in_mid_line_and_mid_chunk(start: Start) -> None:
    answer, record = one_fault(start, "cut", after_chunks=3)
    assert answer.end == "closed"
    assert len(answer.lines) == 4
    assert [json.loads(line)["done"] for line in answer.lines[:3]] == [False] * 3
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(answer.lines[3])
    assert not answer.data.endswith(b"0\r\n\r\n")
    assert (record["outcome"], len(record["written_ns"])) == ("fault", 3)


def test_a_clean_cut_ends_the_body_properly_after_half_a_line(start: Start) -> None:
    answer, _ = one_fault(start, "cut", after_chunks=TOKENS, framing="clean")
    assert answer.end == "whole"
    assert len(answer.lines) == TOKENS + 1
    assert b'"created_at"' in answer.lines[-1]
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(answer.lines[-1])


def test_an_error_line_ends_the_stream_properly_with_status_200(start: Start) -> None:
    answer, record = one_fault(start, "error_line", after_chunks=2, message="it broke")
    assert (answer.status, answer.end) == (200, "whole")
    assert answer.objects[2:] == [{"error": "it broke"}]
    assert [one["done"] for one in answer.objects[:2]] == [False, False]
    assert (record["status"], record["outcome"]) == (200, "error")


def test_an_error_before_the_first_line_has_a_status_as_in_ollama(start: Start) -> None:
    answer, _ = one_fault(start, "error_line", message="it broke")
    assert (answer.status, answer.objects) == (500, [{"error": "it broke"}])


def test_a_stream_without_done_ends_as_if_all_were_well(start: Start) -> None:
    answer, record = one_fault(start, "no_done")
    assert (answer.status, answer.end) == (200, "whole")
    assert [one["done"] for one in answer.objects] == [False] * TOKENS
    assert (record["outcome"], record["output_tokens"]) == ("fault", TOKENS)


def test_a_stream_may_end_without_done_early(start: Start) -> None:
    answer, _ = one_fault(start, "no_done", after_chunks=2)
    assert (answer.end, len(answer.lines)) == ("whole", 2)


def test_slow_headers_come_piece_by_piece_and_then_a_sound_answer(start: Start) -> None:
    answer, _ = one_fault(start, "slow_headers", for_s=0.3)
    assert is_sound(answer)
    before_head_end = []
    data = b""
    for at_ns, piece in answer.reads:
        before_head_end.append(at_ns)
        data += piece
        if b"\r\n\r\n" in data:
            break
    assert len(before_head_end) >= 5
    assert before_head_end[-1] - before_head_end[0] >= 200 * MS


def test_garbage_in_a_line_is_no_utf8_and_the_stream_goes_on(start: Start) -> None:
    answer, record = one_fault(start, "garbage", after_chunks=2)
    assert answer.end == "whole"
    assert len(answer.lines) == TOKENS + 2
    with pytest.raises(UnicodeDecodeError):
        answer.lines[2].decode()
    assert json.loads(answer.lines[3])["done"] is False
    assert record["outcome"] == "done"


def test_garbage_instead_of_a_head_is_no_http(start: Start) -> None:
    answer, _ = one_fault(start, "garbage", place="head")
    assert answer.end == "closed"
    assert not answer.data.startswith(b"HTTP/")


@pytest.mark.parametrize("after_chunks", [0, 3])
def test_a_reset_is_a_reset(start: Start, after_chunks: int) -> None:
    answer, record = one_fault(start, "reset", after_chunks=after_chunks)
    assert answer.end == "reset"
    assert len(record["written_ns"]) == after_chunks
    if after_chunks == 0:
        assert answer.data == b""


def test_a_split_character_comes_in_two_reads(start: Start) -> None:
    answer, record = one_fault(start, "split", after_chunks=2, for_s=0.05)
    assert is_sound(answer)
    assert answer.text == record["text"]
    assert split_reads(answer) == 1
    arrivals = answer.line_arrivals_ns()
    assert arrivals[2] - arrivals[1] >= 50 * MS
    assert record["intended_ns"][2] - record["intended_ns"][1] == 52 * MS


def test_every_character_that_can_be_is_split_unless_told_which(start: Start) -> None:
    answer, record = one_fault(start, "split", for_s=0.02)
    assert is_sound(answer)
    assert answer.text == record["text"]
    assert split_reads(answer) >= TOKENS // 2


def split_reads(answer: RawAnswer) -> int:
    """How many reads end inside a character."""
    found, data = 0, b""
    for _, piece in answer.reads[:-1]:
        data += piece
        try:
            data.decode()
        except UnicodeDecodeError:
            found += 1
    return found


def test_faults_are_chosen_by_every_nth_request(start: Start) -> None:
    replay = start(faults=(Fault(kind="status", status=500, every=3),))
    assert [chat(replay.url).status for _ in range(6)] == [200, 200, 500, 200, 200, 500]


def test_faults_are_chosen_by_model(start: Start) -> None:
    models = (QUICK_MODEL, Model(name="broken", load_s=0.02))
    replay = start(models=models, faults=(Fault(kind="reset", model="broken"),))
    assert chat(replay.url, model="broken").end == "reset"
    assert is_sound(chat(replay.url))


@pytest.mark.parametrize(
    ("on", "path", "method"),
    [
        ("root", "/", "GET"),
        ("version", "/api/version", "GET"),
        ("tags", "/api/tags", "GET"),
        ("ps", "/api/ps", "GET"),
        ("show", "/api/show", "POST"),
        ("pull", "/api/pull", "POST"),
        ("load", "/api/generate", "POST"),
    ],
)
def test_other_requests_fail_too_and_are_counted_apart(
    start: Start, on: str, path: str, method: str
) -> None:
    faults = (
        Fault(kind="status", status=503, on=on, requests=(0,)),
        Fault(kind="reset", on=on, requests=(1,)),
        Fault(kind="garbage", on=on, requests=(2,)),
        Fault(kind="stall", on=on, requests=(3,), for_s=0.2),
        Fault(kind="slow_headers", on=on, requests=(4,), for_s=0.2),
    )
    replay = start(faults=faults)
    body = {"model": "replay"} if method == "POST" else None
    answers = [ask(replay.url, path, body, method=method) for _ in range(3)]
    assert answers[0].status == 503
    assert answers[1].end == "reset"
    assert not answers[2].data.startswith(b"HTTP/")
    began_ns = time.monotonic_ns()
    for _ in range(2):
        assert ask(replay.url, path, body, method=method).status == 200
    assert time.monotonic_ns() - began_ns >= 400 * MS
    assert is_sound(chat(replay.url))


def test_an_answer_in_one_body_breaks_as_its_stream_would(start: Start) -> None:
    kinds: list[dict[str, Any]] = [
        {"kind": "error_line", "message": "it broke"},
        {"kind": "no_done"},
        {"kind": "cut"},
        {"kind": "stall", "for_s": 0.2},
    ]
    replay = start(faults=tuple(Fault(requests=(n,), **kind) for n, kind in enumerate(kinds)))
    error, unfinished, cut, late = (chat(replay.url, stream=False) for _ in kinds)
    assert (error.status, error.objects) == (500, [{"error": "it broke"}])
    assert unfinished.objects[0]["done"] is False
    assert cut.end == "closed"
    assert late.objects[0]["done"] is True
    assert late.reads[0][0] - replay.answers(4)[3]["received_ns"] >= 224 * MS


def test_a_restart_breaks_all_connections_and_forgets_the_model(start: Start) -> None:
    replay = start(
        faults=(Fault(kind="restart", requests=(2,), after_chunks=3, for_s=0.3),),
        models=(Model(load_s=0.1),),
    )
    chat(replay.url)
    with RawConnection(replay.url) as other, RawConnection(replay.url) as idle:
        other.send("/api/chat", chat_body(options={"num_predict": 10_000}))
        begun = RawAnswer()
        other.read_some(begun)
        assert chat(replay.url).end in ("closed", "reset")
        assert refusal(replay.url) == errno.ECONNREFUSED
        assert other.read().end in ("closed", "reset")
        assert idle.read().end in ("closed", "reset")
    wait_until_up(replay.url)
    assert ask(replay.url, "/api/ps", method="GET").objects == [{"models": []}]
    again = chat(replay.url)
    assert is_sound(again)
    assert again.objects[-1]["load_duration"] >= 100 * MS
    events = replay.wait_for(lambda one: one.get("event") in ("down", "up"), 2)
    assert events[1]["at_ns"] - events[0]["at_ns"] >= 290 * MS
    outcomes = sorted(one["outcome"] for one in replay.answers(4))
    assert outcomes == ["done", "done", "restart", "restart"]


def refusal(url: str) -> int:
    """The errno with which a connection is refused, or 0 if it is not."""
    address = urlsplit(url)
    with socket.socket() as sock:
        return sock.connect_ex((str(address.hostname), int(address.port or 0)))


def wait_until_up(url: str) -> None:
    deadline_s = time.monotonic() + DEADLINE_S
    while refusal(url):
        assert time.monotonic() < deadline_s, os.strerror(refusal(url))
        time.sleep(0.01)


def test_a_crash_of_the_model_ends_its_streams_with_an_error_line(start: Start) -> None:
    replay = start(
        faults=(Fault(kind="restart", scope="model", requests=(2,), after_chunks=3),),
        models=(Model(load_s=0.1), Model(name="other", load_s=0.02)),
    )
    with RawConnection(replay.url) as same, RawConnection(replay.url) as other:
        same.send("/api/chat", chat_body(options={"num_predict": 10_000}))
        beginning = RawAnswer()
        same.read_some(beginning)
        other.send("/api/chat", chat_body(model="other", options={"num_predict": 200}))
        other_beginning = RawAnswer()
        other.read_some(other_beginning)
        crashed = chat(replay.url)
        while not beginning.end:
            same.read_some(beginning)
        while not other_beginning.end:
            other.read_some(other_beginning)
    said = "an error was encountered while running the model: unexpected EOF"
    assert crashed.objects[3:] == [{"error": said}]
    assert (beginning.end, beginning.objects[-1]) == ("whole", {"error": said})
    assert other_beginning.objects[-1]["done"] is True
    loaded = ask(replay.url, "/api/ps", method="GET").objects[0]["models"]
    assert [one["name"] for one in loaded] == ["other:latest"]
    assert chat(replay.url).objects[-1]["load_duration"] >= 100 * MS
