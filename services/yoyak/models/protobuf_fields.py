"""Protocol Buffers' wire format, as much of it as reading one message takes.

SentencePiece models are such messages. The runtime library for them is large, is no dependency of
ours, and would need generated classes; the wire format is four kinds of field.

Source: protobuf.dev, "Encoding".
"""

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_VARINT_BITS = 64


def _varint(message: bytes, at: int) -> tuple[int, int]:
    if at < len(message) and message[at] < 0x80:  # nearly all: field keys and short lengths
        return message[at], at + 1
    value = 0
    for shift in range(0, _VARINT_BITS + 6, 7):
        if at >= len(message):
            raise ValueError("the message ends inside a number")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number is longer than 64 bits")


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield (field number, value) of each field in order.

    Numbers and enumerations come as int. Strings, nested messages, fixed32 (float) and fixed64
    fields come as their bytes.

    Raises:
        ValueError: the bytes are no protobuf message.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire_type = key >> 3, key & 7
        if number == 0:
            raise ValueError("a field has the number 0")
        if wire_type == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if wire_type == _BYTES:
            size, at = _varint(message, at)
        elif wire_type == _FIXED32:
            size = 4
        elif wire_type == _FIXED64:
            size = 8
        else:
            raise ValueError(f"field {number} has the unknown wire type {wire_type}")
        if size > len(message) - at:
            raise ValueError(f"the message ends inside field {number}")
        yield number, message[at : at + size]
        at += size
