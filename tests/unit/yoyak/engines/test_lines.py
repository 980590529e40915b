import itertools
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.engines import lines
from yoyak.engines.lines import LineSplitter, LineTooLongError, NdjsonSplitter, SseSplitter

texts = st.lists(st.text(st.characters(exclude_characters="\n\r", codec="utf-8")))
endings = st.sampled_from(["\n", "\r\n"])


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    """Cut `data` at the given places, wherever they fall."""
    marks = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(marks)]


@given(texts, endings, st.lists(st.integers(min_value=0)))
def test_lines_are_the_same_however_the_bytes_are_cut(
    written: list[str], ending: str, places: list[int]
) -> None:
    splitter = LineSplitter()
    got: list[bytes] = []
    for piece in cut("".join(line + ending for line in written).encode(), places):
        got += [line for _, line in splitter.feed(0, piece)]
    assert [line.decode() for line in got] == written
    assert splitter.is_between_lines


@given(texts, st.lists(st.integers(min_value=0)))
def test_a_line_bears_the_stamp_of_the_read_that_completed_it(
    written: list[str], places: list[int]
) -> None:
    data = "".join(line + "\n" for line in written).encode()
    splitter = LineSplitter()
    stamps: list[int] = []
    ends_seen: list[int] = []  # for each line feed, the number of the read that it came with
    for number, piece in enumerate(cut(data, places)):
        stamps += [stamp for stamp, _ in splitter.feed(number, piece)]
        ends_seen += [number] * piece.count(b"\n")
    assert stamps == ends_seen


@given(st.lists(texts.filter(bool), max_size=5), endings, st.lists(st.integers(min_value=0)))
def test_events_are_the_same_however_the_bytes_are_cut(
    events: list[list[str]], ending: str, places: list[int]
) -> None:
    stream = "".join(
        "".join(f"data: {line}{ending}" for line in event) + ending for event in events
    )
    splitter = SseSplitter()
    got: list[bytes] = []
    for piece in cut(stream.encode(), places):
        got += [data for _, data in splitter.feed(0, piece)]
    assert [data.decode() for data in got] == ["\n".join(event) for event in events]
    assert splitter.is_between_events


def test_a_character_cut_in_its_middle_comes_out_whole() -> None:
    splitter = NdjsonSplitter()
    line = json.dumps({"delta": "요약"}, ensure_ascii=False).encode() + b"\n"
    assert splitter.feed(1, line[:12]) == []  # within the three bytes of a syllable
    assert not splitter.is_between_lines
    [(stamp, whole)] = splitter.feed(2, line[12:])
    assert (stamp, json.loads(whole)) == (2, {"delta": "요약"})


def test_two_lines_of_one_read_bear_one_stamp() -> None:
    assert NdjsonSplitter().feed(7, b'{"a":1}\n{"b":2}\n') == [(7, b'{"a":1}'), (7, b'{"b":2}')]


def test_blank_lines_are_no_json() -> None:
    assert NdjsonSplitter().feed(0, b"\n\r\n{}\n\n") == [(0, b"{}")]


def test_a_stream_that_ends_in_mid_line_shows_it() -> None:
    splitter = NdjsonSplitter()
    assert splitter.feed(0, b'{"a":1}\n{"b"') == [(0, b'{"a":1}')]
    assert not splitter.is_between_lines


def test_pings_and_other_fields_of_an_event_stream_are_left_out() -> None:
    stream = b": ping\n\nevent: token\nid: 7\nretry: 1\ndata: {}\n\n"
    assert SseSplitter().feed(3, stream) == [(3, b"{}")]


def test_an_error_field_is_taken_as_data() -> None:
    assert SseSplitter().feed(3, b'error: {"code":500}\n\n') == [(3, b'{"code":500}')]


def test_one_blank_after_the_colon_is_not_data_and_a_second_is() -> None:
    assert SseSplitter().feed(0, b"data:a\n\ndata:  b\n\ndata\n\n") == [
        (0, b"a"),
        (0, b" b"),
        (0, b""),
    ]


def test_an_event_without_its_blank_line_is_not_complete() -> None:
    splitter = SseSplitter()
    assert splitter.feed(0, b"data: {}\n") == []
    assert not splitter.is_between_events


def test_a_line_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 10)
    splitter = NdjsonSplitter()
    splitter.feed(0, b"123456")
    with pytest.raises(LineTooLongError, match="10 bytes"):
        splitter.feed(0, b"78901")
