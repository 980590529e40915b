"""Lines are what Ollama writes, with a time put in, and framed to the byte."""

import json

import pytest

from ollama_replay.lines import (
    CREATED_AT_BYTES,
    Api,
    Lines,
    WallClock,
    compact,
    http_chunk,
    token_ids,
)

NOW = b"2026-11-23T12:34:56.000000789Z"


def test_a_time_has_nanoseconds_in_utc_and_a_fixed_length() -> None:
    clock = WallClock()
    assert clock.text(1_795_437_296_000_000_789) == NOW
    assert clock.text(1_795_437_296_999_999_999) == b"2026-11-23T12:34:56.999999999Z"
    assert clock.text(1_795_437_297_000_000_000) == b"2026-11-23T12:34:57.000000000Z"
    assert len(clock.now()) == CREATED_AT_BYTES


def test_json_is_written_as_go_writes_it() -> None:
    assert compact({"a": "요약 <b> & 'c'"}) == '{"a":"요약 \\u003cb\\u003e \\u0026 \'c\'"}'.encode()


@pytest.mark.parametrize(
    ("api", "said"),
    [
        ("generate", {"response": "요약"}),
        ("chat", {"message": {"role": "assistant", "content": "요약"}}),
    ],
)
def test_a_chunk_has_the_fields_of_its_api(api: Api, said: dict[str, object]) -> None:
    line = Lines(api, "mistral", is_framed=False).chunk("요약").at(NOW)
    assert json.loads(line) == {
        "model": "mistral",
        "created_at": NOW.decode(),
        **said,
        "done": False,
    }
    assert line.endswith(b"\n")


def test_framing_counts_the_bytes_of_the_line() -> None:
    bare = Lines("chat", "m", is_framed=False).chunk("한 글자")
    framed = Lines("chat", "m", is_framed=True).chunk("한 글자")
    assert framed.at(NOW) == http_chunk(bare.at(NOW))
    assert framed.bare(NOW) == bare.bare(NOW) == bare.at(NOW)


def test_the_last_line_leaves_out_what_is_none() -> None:
    line = Lines("generate", "m", is_framed=True).last(
        "length", metrics={"total_duration": 9, "eval_duration": None}, context_tokens=3
    )
    assert json.loads(line.bare(NOW)) == {
        "model": "m",
        "created_at": NOW.decode(),
        "response": "",
        "done": True,
        "done_reason": "length",
        "context": [259, 8178, 16097],
        "total_duration": 9,
    }
    assert line.at(NOW) == http_chunk(line.bare(NOW))


def test_an_answer_in_one_object_has_text_and_counts() -> None:
    said = json.loads(Lines("chat", "m", is_framed=True).last_object(NOW, "stop", text="다"))
    assert said["message"] == {"role": "assistant", "content": "다"}
    assert (said["done"], said["done_reason"]) == (True, "stop")
    assert "context" not in said


@pytest.mark.parametrize("count", [0, 1, 2, 1023, 1024, 1025, 5000])
def test_context_has_as_many_ids_as_there_are_tokens(count: int) -> None:
    ids = json.loads(token_ids(count))
    assert len(ids) == count
    assert all(259 <= one < 32_000 for one in ids)
