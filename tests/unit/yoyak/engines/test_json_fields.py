import pytest

from yoyak.engines.json_fields import Fields, parse_object
from yoyak.errors import EngineError

FIELDS = Fields(
    {
        "text": "a",
        "flag": True,
        "count": 3,
        "number": 0.5,
        "below": {"count": 1},
        "list": [{"count": 1}],
        "counts": [1, 2],
        "null": None,
        "negative": -1,
    },
    "http://e/x",
)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "-0.5", "1" + "0" * 400])
def test_a_number_that_no_record_can_hold_is_the_engines_error(number: str) -> None:
    fields = Fields(parse_object(f'{{"prompt_ms": {number}}}'.encode(), "x"), "http://e/x")
    with pytest.raises(EngineError, match="prompt_ms"):
        fields.number("prompt_ms")


def test_fields_are_what_they_are() -> None:
    assert FIELDS.text("text") == "a"
    assert FIELDS.flag("flag") is True
    assert FIELDS.count("count") == 3
    assert (FIELDS.number("number"), FIELDS.number("count")) == (0.5, 3.0)
    below = FIELDS.fields("below")
    assert below is not None
    assert below.count("count") == 1
    assert [item.count("count") for item in FIELDS.objects("list")] == [1]
    assert FIELDS.counts("counts") == [1, 2]


@pytest.mark.parametrize("key", ["null", "absent"])
def test_null_and_absent_are_unknown_not_zero(key: str) -> None:
    assert FIELDS.text(key) is None
    assert FIELDS.flag(key) is None
    assert FIELDS.count(key) is None
    assert FIELDS.number(key) is None
    assert FIELDS.fields(key) is None
    assert FIELDS.items(key) == []
    assert key not in FIELDS


@pytest.mark.parametrize(
    ("read", "key"),
    [
        (Fields.text, "count"),
        (Fields.flag, "count"),
        (Fields.count, "flag"),
        (Fields.count, "negative"),
        (Fields.count, "number"),
        (Fields.number, "flag"),
        (Fields.number, "text"),
        (Fields.fields, "list"),
        (Fields.items, "below"),
        (Fields.counts, "list"),
    ],
)
def test_a_field_of_another_type_is_an_error_of_the_protocol(read: object, key: str) -> None:
    assert callable(read)
    with pytest.raises(EngineError, match="http://e/x") as caught:
        read(FIELDS, key)
    assert caught.value.error_class == "protocol"


@pytest.mark.parametrize("line", [b"", b"{", b"[1]", b"5", b"\xff{}", b'"a"', b"<html>"])
def test_a_line_that_is_no_object_is_an_error_of_the_protocol(line: bytes) -> None:
    with pytest.raises(EngineError) as caught:
        parse_object(line, "http://e/x")
    assert caught.value.error_class == "protocol"


@pytest.mark.parametrize("line", [b'{"a": NaN, "b": 1}', rb'{"a": "\ud83d", "b": 1}'])
def test_what_pythons_own_writer_lets_through_is_read(line: bytes) -> None:
    assert parse_object(line, "x")["b"] == 1


def test_a_line_that_is_an_object_is_returned() -> None:
    assert parse_object('{"a": "요약"}'.encode(), "x") == {"a": "요약"}
