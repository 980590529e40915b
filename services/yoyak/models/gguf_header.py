"""What a GGUF file has before its tensors' data: metadata entries and the tensor table, as bytes.

The package `gguf` has a writer, but it takes each tensor as one whole array (107 MB for the output
matrix of mistral-7b), leaves no place to hash what is written, and costs 1.3 s and 76 MB to import.
"""

import struct
from collections.abc import Sequence

from yoyak.models.gguf_format import MAGIC, VERSION, TokenType, ValueType, padding_bytes
from yoyak.models.presets import Tensor


def _text(value: str | bytes) -> bytes:
    encoded = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(encoded)) + encoded


def _entry(key: str, value_type: ValueType, payload: bytes) -> bytes:
    return _text(key) + struct.pack("<I", value_type) + payload


def _array(key: str, item_type: ValueType, count: int, payload: bytes) -> bytes:
    return _entry(key, ValueType.ARRAY, struct.pack("<IQ", item_type, count) + payload)


def boolean(key: str, value: bool) -> bytes:
    """Return a metadata entry of type bool."""
    return _entry(key, ValueType.BOOL, struct.pack("<?", value))


def uint32(key: str, value: int) -> bytes:
    """Return a metadata entry of type uint32."""
    return _entry(key, ValueType.UINT32, struct.pack("<I", value))


def uint64(key: str, value: int) -> bytes:
    """Return a metadata entry of type uint64."""
    return _entry(key, ValueType.UINT64, struct.pack("<Q", value))


def float32(key: str, value: float) -> bytes:
    """Return a metadata entry of type float32."""
    return _entry(key, ValueType.FLOAT32, struct.pack("<f", value))


def text(key: str, value: str) -> bytes:
    """Return a metadata entry of type string."""
    return _entry(key, ValueType.STRING, _text(value))


def texts(key: str, values: Sequence[str | bytes]) -> bytes:
    """Return a metadata entry that is an array of strings."""
    return _array(key, ValueType.STRING, len(values), b"".join(map(_text, values)))


def float32s(key: str, values: Sequence[float]) -> bytes:
    """Return a metadata entry that is an array of float32."""
    return _array(key, ValueType.FLOAT32, len(values), struct.pack(f"<{len(values)}f", *values))


def token_types(key: str, values: Sequence[TokenType]) -> bytes:
    """Return a metadata entry that is an array of int32, as token types are kept."""
    return _array(key, ValueType.INT32, len(values), struct.pack(f"<{len(values)}i", *values))


def header(entries: Sequence[bytes], tensors: Sequence[Tensor]) -> bytes:
    """Return all that comes before the tensors' data, padded to the alignment.

    Args:
        entries: metadata, each made by one of the functions above.
        tensors: in the order in which their data follows, each padded to the alignment.
    """
    table, offset = [], 0
    for tensor in tensors:
        dimensions = len(tensor.shape)
        table.append(_text(tensor.name))
        table.append(struct.pack(f"<I{dimensions}Q", dimensions, *tensor.shape))
        table.append(struct.pack("<IQ", tensor.tensor_type, offset))
        offset += tensor.size_bytes + padding_bytes(tensor.size_bytes)
    counts = struct.pack("<IQQ", VERSION, len(tensors), len(entries))
    unpadded = b"".join([MAGIC, counts, *entries, *table])
    return unpadded + bytes(padding_bytes(len(unpadded)))
