import gguf
import numpy as np
import pytest
from numpy.typing import NDArray

from yoyak.models.gguf_format import TensorType
from yoyak.models.presets import Tensor
from yoyak.models.weights import weights

MATRICES = [TensorType.Q4_0, TensorType.Q8_0, TensorType.Q6_K]


def tensor(
    tensor_type: TensorType,
    shape: tuple[int, ...] = (512, 400),
    sigma: float | None = 0.02,
    silent_rows: tuple[int, ...] = (),
) -> Tensor:
    return Tensor(
        name="t", shape=shape, tensor_type=tensor_type, sigma=sigma, silent_rows=silent_rows
    )


def data(of: Tensor, key: str = "key", chunk_bytes: int = 8192) -> bytes:
    return b"".join(weights(of, key, chunk_bytes=chunk_bytes))


def dequantized(of: Tensor) -> NDArray[np.float32]:
    """Return the weights as the reference reads them, shape (rows, row length)."""
    row_length, rows = of.shape
    stored = np.frombuffer(data(of), dtype=np.uint8).reshape(rows, -1)
    values: NDArray[np.float32] = gguf.quants.dequantize(
        stored, gguf.GGMLQuantizationType(of.tensor_type)
    )
    assert values.shape == (rows, row_length)
    return values


@pytest.mark.parametrize("tensor_type", MATRICES)
def test_the_size_is_the_formats(tensor_type: TensorType) -> None:
    of = tensor(tensor_type)
    assert len(data(of)) == of.size_bytes


@pytest.mark.parametrize("tensor_type", MATRICES)
def test_the_standard_deviation_is_sigma(tensor_type: TensorType) -> None:
    # 204,800 weights: the standard error of their deviation is below 0.5 %; the seed is fixed.
    assert dequantized(tensor(tensor_type)).std() == pytest.approx(0.02, rel=0.02)


@pytest.mark.parametrize("tensor_type", MATRICES)
def test_the_mean_is_zero(tensor_type: TensorType) -> None:
    # Without random signs a q4_0 mean would be -0.5 / 4.64 sigma. Blocks share a sign, so the mean
    # of 6,400 of them has the standard error 0.108 sigma / sqrt(6,400) + sigma / sqrt(204,800).
    assert abs(dequantized(tensor(tensor_type)).mean()) < 0.02 * 0.01


@pytest.mark.parametrize("tensor_type", MATRICES)
def test_every_weight_is_finite(tensor_type: TensorType) -> None:
    assert np.isfinite(dequantized(tensor(tensor_type))).all()


@pytest.mark.parametrize("tensor_type", MATRICES)
def test_scales_have_both_signs_about_equally(tensor_type: TensorType) -> None:
    elements, size = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType(tensor_type)]
    of = tensor(tensor_type)
    blocks = np.frombuffer(data(of), dtype=np.uint8).reshape(-1, size)
    at = 208 if tensor_type is TensorType.Q6_K else 0
    scales = np.ascontiguousarray(blocks[:, at : at + 2]).view("<f2")
    assert len(blocks) == 512 * 400 // elements
    assert len(np.unique(np.abs(scales))) == 1
    assert 0.4 < float((scales > 0).mean()) < 0.6


@pytest.mark.parametrize("tensor_type", MATRICES)
def test_silent_rows_are_zero_and_no_others(tensor_type: TensorType) -> None:
    silent = (0, 3, 4, 57, 399)
    values = dequantized(tensor(tensor_type, silent_rows=silent))
    assert tuple(np.flatnonzero((values == 0).all(axis=1))) == silent


def test_silent_rows_change_no_other_row() -> None:
    spoken = dequantized(tensor(TensorType.Q6_K))
    silenced = dequantized(tensor(TensorType.Q6_K, silent_rows=(7,)))
    assert np.array_equal(np.delete(spoken, 7, axis=0), np.delete(silenced, 7, axis=0))


@pytest.mark.parametrize("tensor_type", MATRICES)
def test_the_chunk_size_does_not_change_the_bytes(tensor_type: TensorType) -> None:
    of = tensor(tensor_type, shape=(256, 101), silent_rows=(50, 100))
    assert data(of, chunk_bytes=1) == data(of, chunk_bytes=5000) == data(of, chunk_bytes=10**9)


def test_chunks_are_as_small_as_asked_for() -> None:
    of = tensor(TensorType.Q4_0)
    assert max(len(chunk) for chunk in weights(of, "key", chunk_bytes=8192)) <= 8192


def test_another_key_gives_other_bytes() -> None:
    of = tensor(TensorType.Q4_0)
    assert data(of, key="one") != data(of, key="two")


def test_a_norm_is_all_ones() -> None:
    norm = tensor(TensorType.F32, shape=(64,), sigma=None)
    assert np.frombuffer(data(norm), dtype="<f4").tolist() == [1.0] * 64
