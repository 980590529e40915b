"""The package `gguf`, which llama.cpp's authors publish, is the reference for every number."""

import gguf
import pytest

from yoyak.models import gguf_format
from yoyak.models.gguf_format import BLOCKS, QUANTIZATION_NAMES, TensorType, TokenType, ValueType


def test_magic_version_and_alignment_are_those_of_the_reference() -> None:
    assert int.from_bytes(gguf_format.MAGIC, "little") == gguf.GGUF_MAGIC
    assert gguf_format.VERSION == gguf.GGUF_VERSION
    assert gguf_format.DEFAULT_ALIGNMENT == gguf.GGUF_DEFAULT_ALIGNMENT
    assert gguf_format.QUANTIZATION_VERSION == gguf.GGML_QUANT_VERSION


def test_value_types_are_those_of_the_reference() -> None:
    assert {kind.name: kind.value for kind in ValueType} == {
        kind.name: kind.value for kind in gguf.GGUFValueType
    }


def test_token_types_are_those_of_the_reference() -> None:
    assert {kind.name: kind.value for kind in TokenType} == {
        kind.name: kind.value for kind in gguf.TokenType
    }


def test_tensor_types_and_their_blocks_are_those_of_the_reference() -> None:
    ours = {
        kind.name: (kind.value, block.elements, block.size_bytes) for kind, block in BLOCKS.items()
    }
    assert ours == {
        kind.name: (kind.value, *gguf.GGML_QUANT_SIZES[kind]) for kind in gguf.GGMLQuantizationType
    }


def test_quantization_names_are_those_of_the_reference() -> None:
    assert {
        kind.value: kind.name.removeprefix("MOSTLY_").removeprefix("ALL_")
        for kind in gguf.LlamaFileType
        if kind is not gguf.LlamaFileType.GUESSED
    } == QUANTIZATION_NAMES


def test_two_rows_of_64_elements_in_q4_0_take_four_blocks_of_18_bytes() -> None:
    assert gguf_format.tensor_bytes(TensorType.Q4_0, (64, 2)) == 4 * 18


def test_a_row_that_ends_inside_a_block_is_refused() -> None:
    with pytest.raises(ValueError, match="a row of 48 elements is no multiple of Q4_0's 32"):
        gguf_format.tensor_bytes(TensorType.Q4_0, (48, 2))


@pytest.mark.parametrize(("size_bytes", "missing"), [(0, 0), (1, 31), (31, 1), (32, 0), (33, 31)])
def test_padding_reaches_the_next_multiple_of_the_alignment(size_bytes: int, missing: int) -> None:
    assert gguf_format.padding_bytes(size_bytes) == missing
