import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.models.protobuf_fields import fields


def test_150_in_field_1_is_read_as_the_encoding_guide_has_it() -> None:
    # protobuf.dev, "Encoding": 08 96 01
    assert list(fields(b"\x08\x96\x01")) == [(1, 150)]


def test_the_string_testing_in_field_2_is_read_as_the_encoding_guide_has_it() -> None:
    # protobuf.dev, "Encoding": 12 07 and the text
    assert list(fields(b"\x12\x07testing")) == [(2, b"testing")]


def test_fixed_fields_come_as_their_bytes() -> None:
    assert list(fields(b"\x0dabcd\x11abcdefgh")) == [(1, b"abcd"), (2, b"abcdefgh")]


def test_a_number_of_64_bits_is_read_whole() -> None:
    assert list(fields(b"\x08" + b"\xff" * 9 + b"\x01")) == [(1, 2**64 - 1)]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"\x08", "ends inside a number"),
        (b"\x08\x96", "ends inside a number"),
        (b"\x08" + b"\xff" * 10 + b"\x01", "longer than 64 bits"),
        (b"\x12\x07test", "ends inside field 2"),
        (b"\x12" + b"\xff" * 9 + b"\x01", "ends inside field 2"),
        (b"\x0dabc", "ends inside field 1"),
        (b"\x0b", "unknown wire type 3"),
        (b"\x00\x01", "the number 0"),
    ],
)
def test_a_broken_message_is_refused(message: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        list(fields(message))


@given(st.binary(max_size=200))
def test_any_bytes_give_fields_or_a_value_error(message: bytes) -> None:
    try:
        read = list(fields(message))
    except ValueError:
        return
    assert sum(len(value) for _, value in read if isinstance(value, bytes)) <= len(message)
