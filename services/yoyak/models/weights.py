"""Random weights, straight in a tensor's storage format.

The bytes of a tensor are the raw words of a PCG64 generator, with the scale of each block
overwritten: its magnitude is fixed, its sign stays random. The one float a tensor has is correctly
rounded on every machine, and numpy keeps a bit generator's raw stream the same between versions
(NEP 19), so the bytes depend on the tensor and the key alone.
"""

import hashlib
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from yoyak.models.gguf_format import BLOCKS, TensorType
from yoyak.models.presets import Tensor
from yoyak.units import MIB

CHUNK_BYTES = 8 * MIB
_WORD_BYTES = 8
# Every row has an even number of bytes, so four of them end on a word: then the stream of words is
# cut at the same places whatever the size of a chunk, and the chunk size is not part of the result.
_ROWS_PER_WORD = 4


def _mean_square(lowest: int, highest: int) -> float:
    """Return the mean square of an integer drawn uniformly from lowest..highest."""
    values = range(lowest, highest + 1)
    return sum(value * value for value in values) / len(values)


@dataclass(frozen=True, slots=True)
class _Scaling:
    """Where a block's float16 scale lies, and the root mean square of what it multiplies."""

    offset: int
    rms: float


_SCALING = {
    # scale, then 32 quants of 4 bits: scale * (quant - 8)
    TensorType.Q4_0: _Scaling(0, math.sqrt(_mean_square(-8, 7))),
    # scale, then 32 signed bytes: scale * quant
    TensorType.Q8_0: _Scaling(0, math.sqrt(_mean_square(-128, 127))),
    # 256 quants of 6 bits, 16 signed bytes of sub-scales, scale: scale * sub-scale * (quant - 32)
    TensorType.Q6_K: _Scaling(208, math.sqrt(_mean_square(-128, 127) * _mean_square(-32, 31))),
}


def weights(tensor: Tensor, key: str, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[memoryview]:
    """Yield the tensor's data in order, about `chunk_bytes` at a time.

    A weight is scale * integer, the integer uniform over its range, so with scale = +-sigma / rms
    its standard deviation is `tensor.sigma` (within the float16 rounding of the scale, which is
    below 1 in 1,000). The integer's mean is -0.5; the random sign makes the weight's 0.

    Args:
        tensor: what to fill; a norm is filled with ones.
        key: the seed of everything random in it.
        chunk_bytes: bounds the memory; it does not change the bytes.
    """
    if tensor.sigma is None:
        yield np.ones(tensor.parameter_count, dtype="<f4").view(np.uint8).data
        return
    block = BLOCKS[tensor.tensor_type]
    scaling = _SCALING[tensor.tensor_type]
    scale_low, scale_high = struct.pack("<e", tensor.sigma / scaling.rms)
    words = np.random.PCG64(int.from_bytes(hashlib.sha256(key.encode()).digest()[:16], "little"))
    row_length, rows = tensor.shape
    row_bytes = row_length // block.elements * block.size_bytes
    rows_per_chunk = max(1, chunk_bytes // (row_bytes * _ROWS_PER_WORD)) * _ROWS_PER_WORD
    silent = np.asarray(tensor.silent_rows, dtype=np.int64)
    for first in range(0, rows, rows_per_chunk):
        size_bytes = min(rows_per_chunk, rows - first) * row_bytes
        drawn = words.random_raw(-(-size_bytes // _WORD_BYTES))
        data = drawn.astype("<u8", copy=False).view(np.uint8)[:size_bytes]
        blocks = data.reshape(-1, block.size_bytes)
        blocks[:, scaling.offset] = scale_low
        blocks[:, scaling.offset + 1] &= 0x80  # the sign
        blocks[:, scaling.offset + 1] |= scale_high
        here = silent[(silent >= first) & (silent < first + rows_per_chunk)]
        data.reshape(-1, row_bytes)[here - first] = 0
        yield data.data
