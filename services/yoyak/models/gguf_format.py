"""The numbers of the GGUF file format: magic, value types, tensor types, block sizes, file types.

A GGUF file is, in little-endian order: the magic, a version, the counts of tensors and of metadata
entries; then the entries (key, value type, value); then the tensor table (name, shape with the row
length first, type, offset); then, from the next multiple of the alignment, the tensors' data.

The package `gguf` has these numbers too, but importing any part of it takes over a second, because
it imports the whole of `mistral_common` on the way; `yoyak run` has 0.4 s to its first request. The
tests hold every number here against that package.

Source: the specification beside ggml (docs/gguf.md), and ggml.h.
"""

from dataclasses import dataclass
from enum import IntEnum

MAGIC = b"GGUF"
VERSION = 3
READABLE_VERSIONS = (2, 3)  # version 1 had 32-bit counts and lived for a few weeks in 2023
DEFAULT_ALIGNMENT = 32
QUANTIZATION_VERSION = 2
MAX_DIMENSIONS = 4


class ValueType(IntEnum):
    """The type of a metadata value."""

    UINT8 = 0
    INT8 = 1
    UINT16 = 2
    INT16 = 3
    UINT32 = 4
    INT32 = 5
    FLOAT32 = 6
    BOOL = 7
    STRING = 8
    ARRAY = 9
    UINT64 = 10
    INT64 = 11
    FLOAT64 = 12


class TokenType(IntEnum):
    """What a token of the vocabulary is; SentencePiece numbers its pieces alike."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


class TensorType(IntEnum):
    """How a tensor's elements are stored; the gaps are formats that ggml gave up."""

    F32 = 0
    F16 = 1
    Q4_0 = 2
    Q4_1 = 3
    Q5_0 = 6
    Q5_1 = 7
    Q8_0 = 8
    Q8_1 = 9
    Q2_K = 10
    Q3_K = 11
    Q4_K = 12
    Q5_K = 13
    Q6_K = 14
    Q8_K = 15
    IQ2_XXS = 16
    IQ2_XS = 17
    IQ3_XXS = 18
    IQ1_S = 19
    IQ4_NL = 20
    IQ3_S = 21
    IQ2_S = 22
    IQ4_XS = 23
    I8 = 24
    I16 = 25
    I32 = 26
    I64 = 27
    F64 = 28
    IQ1_M = 29
    BF16 = 30
    TQ1_0 = 34
    TQ2_0 = 35
    MXFP4 = 39
    NVFP4 = 40
    Q1_0 = 41


@dataclass(frozen=True, slots=True)
class Block:
    """A run of `elements` along a row, stored together in `size_bytes`."""

    elements: int
    size_bytes: int


BLOCKS: dict[TensorType, Block] = {
    TensorType.F32: Block(1, 4),
    TensorType.F16: Block(1, 2),
    TensorType.Q4_0: Block(32, 18),
    TensorType.Q4_1: Block(32, 20),
    TensorType.Q5_0: Block(32, 22),
    TensorType.Q5_1: Block(32, 24),
    TensorType.Q8_0: Block(32, 34),
    TensorType.Q8_1: Block(32, 40),
    TensorType.Q2_K: Block(256, 84),
    TensorType.Q3_K: Block(256, 110),
    TensorType.Q4_K: Block(256, 144),
    TensorType.Q5_K: Block(256, 176),
    TensorType.Q6_K: Block(256, 210),
    TensorType.Q8_K: Block(256, 292),
    TensorType.IQ2_XXS: Block(256, 66),
    TensorType.IQ2_XS: Block(256, 74),
    TensorType.IQ3_XXS: Block(256, 98),
    TensorType.IQ1_S: Block(256, 50),
    TensorType.IQ4_NL: Block(32, 18),
    TensorType.IQ3_S: Block(256, 110),
    TensorType.IQ2_S: Block(256, 82),
    TensorType.IQ4_XS: Block(256, 136),
    TensorType.I8: Block(1, 1),
    TensorType.I16: Block(1, 2),
    TensorType.I32: Block(1, 4),
    TensorType.I64: Block(1, 8),
    TensorType.F64: Block(1, 8),
    TensorType.IQ1_M: Block(256, 56),
    TensorType.BF16: Block(1, 2),
    TensorType.TQ1_0: Block(256, 54),
    TensorType.TQ2_0: Block(256, 66),
    TensorType.MXFP4: Block(32, 17),
    TensorType.NVFP4: Block(64, 36),
    TensorType.Q1_0: Block(128, 18),
}

FILE_TYPE_Q4_0 = 2

# `general.file_type`: how most of the matrices are stored, by the name that Ollama shows for it.
QUANTIZATION_NAMES: dict[int, str] = {
    0: "F32",
    1: "F16",
    FILE_TYPE_Q4_0: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4_MOE",
    39: "NVFP4",
    40: "Q1_0",
}


def tensor_bytes(tensor_type: TensorType, shape: tuple[int, ...]) -> int:
    """Return the size of a tensor's data: elements / block.elements * block.size_bytes.

    Args:
        tensor_type: the storage format.
        shape: row length first, as GGUF has it.

    Raises:
        ValueError: the row length is no multiple of the format's block.
    """
    block = BLOCKS[tensor_type]
    if shape[0] % block.elements:
        raise ValueError(
            f"a row of {shape[0]} elements is no multiple of {tensor_type.name}'s {block.elements}"
        )
    size_bytes = shape[0] // block.elements * block.size_bytes
    for rows in shape[1:]:
        size_bytes *= rows
    return size_bytes


def padding_bytes(size_bytes: int, alignment: int = DEFAULT_ALIGNMENT) -> int:
    """Return how many bytes are missing from `size_bytes` to the next multiple of `alignment`."""
    return -size_bytes % alignment
