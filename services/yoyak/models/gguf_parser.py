"""Bytes to the header of a GGUF file: pure, and safe on any bytes.

Every length is checked against the file's size before it is used, and arrays are stepped over
instead of built, so no input can make it allocate more than it was given.
"""

import struct
from dataclasses import dataclass

from yoyak.models.gguf_format import (
    BLOCKS,
    DEFAULT_ALIGNMENT,
    MAGIC,
    MAX_DIMENSIONS,
    READABLE_VERSIONS,
    TensorType,
    ValueType,
    padding_bytes,
    tensor_bytes,
)

_NUMBERS: dict[ValueType, struct.Struct] = {
    ValueType.UINT8: struct.Struct("<B"),
    ValueType.INT8: struct.Struct("<b"),
    ValueType.UINT16: struct.Struct("<H"),
    ValueType.INT16: struct.Struct("<h"),
    ValueType.UINT32: struct.Struct("<I"),
    ValueType.INT32: struct.Struct("<i"),
    ValueType.FLOAT32: struct.Struct("<f"),
    ValueType.BOOL: struct.Struct("<?"),
    ValueType.UINT64: struct.Struct("<Q"),
    ValueType.INT64: struct.Struct("<q"),
    ValueType.FLOAT64: struct.Struct("<d"),
}
_U32 = _NUMBERS[ValueType.UINT32]
_U64 = _NUMBERS[ValueType.UINT64]

_KEPT_ARRAY = "general.tags"
_MAX_KEPT = 1000
_LEAST_ENTRY_BYTES = 8 + 4 + 1  # an empty key, a type, a one-byte value
_LEAST_TENSOR_BYTES = 8 + 4 + 4 + 8  # an empty name, no dimensions, a type, an offset
_MAX_ALIGNMENT = 65_536
_MAX_ELEMENTS = 2**63 - 1


_SHOWN_CHARS = 80  # of a name in an error


class NotGgufError(ValueError):
    """The bytes are something else; says what they begin with."""


class DamagedGgufError(ValueError):
    """A length, count or type cannot be right; says which."""


class HeaderGoesOnError(Exception):
    """The header goes on after the bytes that were given, still inside the file."""


@dataclass(frozen=True, slots=True)
class ArrayLength:
    """Stands for an array that was stepped over."""

    items: int


Value = int | float | bool | str | tuple[str, ...] | ArrayLength


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """A line of the tensor table; `size_bytes` is None for a type that we do not know."""

    name: str
    shape: tuple[int, ...]
    type_number: int
    offset: int
    size_bytes: int | None
    parameter_count: int


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """All that a GGUF file has before its tensors' data."""

    version: int
    metadata: dict[str, Value]
    tensors: tuple[TensorEntry, ...]
    file_bytes_needed: int  # to the end of the last tensor's data


def parse_header(head: bytes, file_bytes: int) -> GgufHeader:
    """Parse the header at the start of a file.

    Args:
        head: the first bytes of the file.
        file_bytes: the size of the whole file.

    Raises:
        NotGgufError: no GGUF magic, or a version or byte order that nobody uses any more.
        DamagedGgufError: it contradicts itself or the file's size.
        HeaderGoesOnError: `head` is too short; call again with more of the file.
    """
    _check_magic(head)
    cursor = _Cursor(head, file_bytes, at=len(MAGIC))
    version = int(cursor.number(ValueType.UINT32))
    if version not in READABLE_VERSIONS:
        raise NotGgufError(_unreadable_version(version))
    tensor_count = cursor.count("tensors", _LEAST_TENSOR_BYTES)
    entry_count = cursor.count("metadata entries", _LEAST_ENTRY_BYTES)
    metadata: dict[str, Value] = {}
    for _ in range(entry_count):
        key = cursor.text()
        metadata[key] = cursor.value(key)
    tensors = tuple(_tensor(cursor) for _ in range(tensor_count))
    needed = cursor.at
    if tensors:
        alignment = _alignment(metadata)
        data_start = cursor.at + padding_bytes(cursor.at, alignment)
        needed = max(_end(tensor, data_start, alignment) for tensor in tensors)
    if needed > file_bytes:
        raise DamagedGgufError(
            f"its tensors end at byte {needed:,} but the file at byte {file_bytes:,}"
        )
    return GgufHeader(version, metadata, tensors, needed)


def _check_magic(head: bytes) -> None:
    if not head:
        raise NotGgufError("it is empty")
    if not head.startswith(MAGIC):
        raise NotGgufError(f"it begins with {head[:8]!r}")


def _unreadable_version(version: int) -> str:
    swapped = int.from_bytes(version.to_bytes(4, "little"), "big")
    if swapped in READABLE_VERSIONS:
        return "it is GGUF for big-endian machines"
    return f"it is GGUF version {version}, and versions 2 and 3 are known"


class _Cursor:
    """Reads values one after the other from the start of a file."""

    def __init__(self, head: bytes, file_bytes: int, *, at: int) -> None:
        self.head, self.file_bytes, self.at = head, file_bytes, at

    def take(self, size_bytes: int) -> int:
        """Step over `size_bytes` and return where they began; they are all in `head`."""
        start = self.at
        self.at = start + size_bytes
        self.check(self.at)
        return start

    def check(self, end: int) -> None:
        """Raise when `end` lies past the bytes we have, or past the file."""
        if end > self.file_bytes:
            raise DamagedGgufError(
                f"its header goes on to byte {end:,} but the file ends at byte {self.file_bytes:,}"
            )
        if end > len(self.head):
            raise HeaderGoesOnError

    def number(self, value_type: ValueType) -> int | float | bool:
        """Read one number."""
        packed = _NUMBERS[value_type]
        value: int | float | bool = packed.unpack_from(self.head, self.take(packed.size))[0]
        return value

    def count(self, of: str, least_bytes: int) -> int:
        """Read a count of things of at least `least_bytes` each, which must fit in the file."""
        count = int(self.number(ValueType.UINT64))
        if count > (self.file_bytes - self.at) // least_bytes:
            raise DamagedGgufError(f"it claims {count:,} {of}")
        return count

    def text(self) -> str:
        """Read a string; bytes that are not UTF-8 become U+FFFD."""
        size_bytes = int(self.number(ValueType.UINT64))
        start = self.take(size_bytes)
        return self.head[start : self.at].decode(errors="replace")

    def value(self, key: str) -> Value:
        """Read a typed value; an array only of the one key that we want, else its length."""
        value_type = self.value_type(key)
        if value_type is ValueType.STRING:
            return self.text()
        if value_type is not ValueType.ARRAY:
            return self.number(value_type)
        item_type = self.value_type(key)
        if item_type is ValueType.ARRAY:
            raise DamagedGgufError(f"{shown(key)} is an array of arrays")
        if item_type is not ValueType.STRING:
            item_bytes = _NUMBERS[item_type].size
            items = self.count(f"items in {shown(key)}", item_bytes)
            self.take(items * item_bytes)
            return ArrayLength(items)
        items = self.count(f"items in {shown(key)}", _U64.size)
        if key == _KEPT_ARRAY and items <= _MAX_KEPT:
            return tuple(self.text() for _ in range(items))
        self.skip_texts(items)
        return ArrayLength(items)

    def value_type(self, key: str) -> ValueType:
        """Read the type of a value."""
        number = int(self.number(ValueType.UINT32))
        try:
            return ValueType(number)
        except ValueError:
            raise DamagedGgufError(f"{shown(key)} has the unknown type {number}") from None

    def skip_texts(self, items: int) -> None:
        """Step over `items` strings: a tight loop, for a vocabulary has hundreds of thousands."""
        head, at, last = self.head, self.at, len(self.head) - _U64.size
        length_at = _U64.unpack_from
        for _ in range(items):
            if at > last:
                self.check(at + _U64.size)
            at += _U64.size + length_at(head, at)[0]
        self.check(at)
        self.at = at


def shown(name: str) -> str:
    """Return a name out of a file in quotes, fit for one line: short, and printable throughout."""
    printable = "".join(c if c.isprintable() else "?" for c in name[:_SHOWN_CHARS])
    return f'"{printable}"' if len(name) <= _SHOWN_CHARS else f'"{printable}..."'


def _tensor(cursor: _Cursor) -> TensorEntry:
    name = cursor.text()
    dimensions = int(cursor.number(ValueType.UINT32))
    if not 1 <= dimensions <= MAX_DIMENSIONS:
        raise DamagedGgufError(f"the tensor {shown(name)} has {dimensions} dimensions")
    shape = tuple(int(cursor.number(ValueType.UINT64)) for _ in range(dimensions))
    type_number = int(cursor.number(ValueType.UINT32))
    offset = int(cursor.number(ValueType.UINT64))
    elements = 1
    for length in shape:
        elements *= length
    if not 0 < elements <= _MAX_ELEMENTS:
        raise DamagedGgufError(f"the tensor {shown(name)} has the shape {shape}")
    size_bytes = None
    if type_number in BLOCKS:
        try:
            size_bytes = tensor_bytes(TensorType(type_number), shape)
        except ValueError as error:
            raise DamagedGgufError(f"the tensor {shown(name)}: {error}") from error
    return TensorEntry(name, shape, type_number, offset, size_bytes, elements)


def _alignment(metadata: dict[str, Value]) -> int:
    alignment = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    if not isinstance(alignment, int) or not 0 < alignment <= _MAX_ALIGNMENT:
        what = shown(alignment) if isinstance(alignment, str) else alignment
        raise DamagedGgufError(f"its alignment is {what}")
    return alignment


def _end(tensor: TensorEntry, data_start: int, alignment: int) -> int:
    if tensor.offset % alignment:
        raise DamagedGgufError(f"the tensor {shown(tensor.name)} lies at an odd place")
    return data_start + tensor.offset + (tensor.size_bytes or 0)
