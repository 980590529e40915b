import struct
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.models import gguf_header as entry
from yoyak.models.gguf_format import TensorType, TokenType
from yoyak.models.gguf_parser import (
    ArrayLength,
    DamagedGgufError,
    GgufHeader,
    HeaderGoesOnError,
    NotGgufError,
    parse_header,
    shown,
)
from yoyak.models.presets import Tensor

TENSORS = [
    Tensor(name="norm", shape=(8,), tensor_type=TensorType.F32, sigma=None),
    Tensor(name="matrix", shape=(64, 3), tensor_type=TensorType.Q4_0, sigma=1.0),
]
DATA_BYTES = 32 + 6 * 18  # the norm, and six blocks of the matrix
ENTRIES = [
    entry.text("general.architecture", "llama"),
    entry.texts("general.tags", ["one", "둘"]),
    entry.boolean("b", value=True),
    entry.uint32("u32", 2**32 - 1),
    entry.uint64("u64", 2**64 - 1),
    entry.float32("f32", 0.5),
    entry.texts("tokens", ["a", "bb", "", "글"]),
    entry.float32s("scores", [0.0, -1.0]),
    entry.token_types("types", [TokenType.NORMAL, TokenType.BYTE, TokenType.CONTROL]),
]
HEAD = entry.header(ENTRIES, TENSORS)
FILE_BYTES = len(HEAD) + DATA_BYTES


def parse(head: bytes, file_bytes: int = FILE_BYTES) -> GgufHeader:
    return parse_header(head, file_bytes)


def test_every_value_is_read_and_arrays_are_counted() -> None:
    assert parse(HEAD).metadata == {
        "general.architecture": "llama",
        "general.tags": ("one", "둘"),
        "b": True,
        "u32": 2**32 - 1,
        "u64": 2**64 - 1,
        "f32": 0.5,
        "tokens": ArrayLength(4),
        "scores": ArrayLength(2),
        "types": ArrayLength(3),
    }


def test_the_tensor_table_is_read() -> None:
    norm, matrix = parse(HEAD).tensors
    assert (norm.name, norm.shape, norm.size_bytes, norm.offset) == ("norm", (8,), 32, 0)
    assert (matrix.name, matrix.shape, matrix.size_bytes, matrix.offset) == (
        "matrix",
        (64, 3),
        108,
        32,
    )
    assert matrix.parameter_count == 192


def test_the_file_is_needed_to_the_end_of_the_last_tensor() -> None:
    assert parse(HEAD).file_bytes_needed == FILE_BYTES


def test_a_file_one_byte_short_of_its_last_tensor_is_damaged() -> None:
    with pytest.raises(DamagedGgufError, match="its tensors end at byte"):
        parse(HEAD, FILE_BYTES - 1)


def test_a_head_that_stops_inside_the_header_asks_for_more() -> None:
    for size in range(4, len(HEAD) - 31):
        with pytest.raises(HeaderGoesOnError):
            parse(HEAD[:size])


def test_a_file_that_stops_inside_the_header_is_damaged() -> None:
    for size in range(4, len(HEAD) - 31):
        with pytest.raises(DamagedGgufError):
            parse(HEAD[:size], size)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"", "it is empty"),
        (b"GGU", "it begins with b'GGU'"),
        (b"PK\x03\x04 and more", r"it begins with b'PK\\x03\\x04 and'"),
        (b"GGUF" + struct.pack(">I", 3) + HEAD[8:], "big-endian"),
        (b"GGUF" + struct.pack("<I", 1) + HEAD[8:], "GGUF version 1, and versions 2 and 3"),
        (b"GGUF" + struct.pack("<I", 77) + HEAD[8:], "GGUF version 77"),
    ],
)
def test_what_is_no_gguf_is_told_by_how_it_begins(head: bytes, reason: str) -> None:
    with pytest.raises(NotGgufError, match=reason):
        parse(head)


def header_of(*entries: bytes, tensor_count: int = 0, entry_count: int | None = None) -> bytes:
    count = len(entries) if entry_count is None else entry_count
    return b"GGUF" + struct.pack("<IQQ", 3, tensor_count, count) + b"".join(entries)


def array(item_type: int, items: int) -> bytes:
    return struct.pack("<Q", 1) + b"a" + struct.pack("<IIQ", 9, item_type, items)


def table_line(shape: tuple[int, ...], tensor_type: int = 0, offset: int = 0) -> bytes:
    dimensions = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
    return struct.pack("<Q", 1) + b"t" + dimensions + struct.pack("<IQ", tensor_type, offset)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (header_of(tensor_count=2**60), "it claims 1,152,921,504,606,846,976 tensors"),
        (header_of(entry_count=2**60), "it claims 1,152,921,504,606,846,976 metadata entries"),
        (header_of(struct.pack("<Q", 2**63)), "its header goes on to byte"),
        (header_of(struct.pack("<Q", 1) + b"k" + struct.pack("<I", 13)), "unknown type 13"),
        (header_of(array(8, 2**61)), 'claims 2,305,843,009,213,693,952 items in "a"'),
        (header_of(array(6, 2**61)), 'claims 2,305,843,009,213,693,952 items in "a"'),
        (header_of(array(9, 1)), "array of arrays"),
        (header_of(array(8, 2) + struct.pack("<QQ", 2**63, 0)), "its header goes on to byte"),
        (header_of(table_line(()), tensor_count=1, entry_count=0), "0 dimensions"),
        (header_of(table_line((1,) * 5), tensor_count=1, entry_count=0), "5 dimensions"),
        (header_of(table_line((0, 4)), tensor_count=1, entry_count=0), r"the shape \(0, 4\)"),
        (header_of(table_line((2**40, 2**40)), tensor_count=1, entry_count=0), "the shape"),
        (header_of(table_line((33,), 2), tensor_count=1, entry_count=0), "a row of 33 elements"),
        (header_of(table_line((1,), 0, 5), tensor_count=1, entry_count=0), "at an odd place"),
        (
            header_of(
                entry.uint32("general.alignment", 0),
                table_line((1,)),
                tensor_count=1,
                entry_count=1,
            ),
            "its alignment is 0",
        ),
    ],
)
def test_absurd_counts_lengths_and_types_are_damage(head: bytes, reason: str) -> None:
    with pytest.raises(DamagedGgufError, match=reason):
        parse(head + bytes(64), len(head) + 64)


def test_a_tensor_type_of_tomorrow_is_read_without_its_size() -> None:
    head = header_of(table_line((33,), 999), tensor_count=1, entry_count=0)
    (tensor,) = parse(head + bytes(64), len(head) + 64).tensors
    assert tensor.size_bytes is None
    assert tensor.parameter_count == 33


def test_version_2_has_the_same_layout() -> None:
    assert parse(b"GGUF" + struct.pack("<I", 2) + HEAD[8:]).version == 2


flips = st.lists(
    st.tuples(st.integers(0, len(HEAD) - 1), st.integers(0, 255)), min_size=1, max_size=8
)


@given(changes=flips, size=st.integers(0, len(HEAD)), more=st.integers(0, 2**40))
def test_any_damage_ends_in_a_header_or_a_known_error_and_takes_no_memory(
    changes: list[tuple[int, int]], size: int, more: int
) -> None:
    damaged = bytearray(HEAD)
    for at, value in changes:
        damaged[at] = value
    tracemalloc.start()
    try:
        parse_header(bytes(damaged[:size]), size + more)
    except (NotGgufError, DamagedGgufError, HeaderGoesOnError):
        pass
    finally:
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak_bytes < 1_000_000


def test_a_name_out_of_a_damaged_file_fits_one_line() -> None:
    assert shown("blk.0.attn_q.weight") == '"blk.0.attn_q.weight"'
    assert shown("a\nb\x00c") == '"a?b?c"'
    assert shown("x" * 500) == '"' + "x" * 80 + '..."'
