import pytest

from yoyak.errors import UsageError
from yoyak.models.gguf_format import TensorType
from yoyak.models.presets import PRESETS, Tensor, architecture, tensors

VOCAB_SIZE = 32_000


def planned(preset: str) -> dict[str, Tensor]:
    plan = tensors(PRESETS[preset], vocab_size=VOCAB_SIZE, silent_tokens=(0, 1))
    return {tensor.name: tensor for tensor in plan}


@pytest.mark.parametrize(
    ("preset", "parameters"),
    [
        ("mistral-7b", 7_241_732_096),  # as published with Mistral-7B-Instruct-v0.2
        ("1b", 1_100_048_384),  # as published with TinyLlama-1.1B
    ],
)
def test_a_preset_has_as_many_parameters_as_the_model_it_is_named_for(
    preset: str, parameters: int
) -> None:
    assert sum(tensor.parameter_count for tensor in planned(preset).values()) == parameters


def test_mistral_7b_has_32_layers_of_nine_tensors_and_three_more() -> None:
    assert len(planned("mistral-7b")) == 32 * 9 + 3


def test_grouped_queries_make_keys_and_values_narrower() -> None:
    plan = planned("mistral-7b")
    assert plan["blk.31.attn_q.weight"].shape == (4096, 4096)
    assert plan["blk.31.attn_k.weight"].shape == (4096, 1024)
    assert plan["blk.31.attn_v.weight"].shape == (4096, 1024)


def test_matrices_are_q4_0_and_norms_f32_ones() -> None:
    plan = planned("mistral-7b")
    norms = {name for name, tensor in plan.items() if name.endswith("norm.weight")}
    assert {plan[name].tensor_type for name in norms} == {TensorType.F32}
    assert {plan[name].sigma for name in norms} == {None}
    matrices = plan.keys() - norms - {"output.weight"}
    assert {plan[name].tensor_type for name in matrices} == {TensorType.Q4_0}


@pytest.mark.parametrize(
    ("preset", "tensor_type"),
    [
        ("mistral-7b", TensorType.Q6_K),
        ("small", TensorType.Q6_K),  # rows of 768 = 3 x 256
        ("tiny", TensorType.Q8_0),  # rows of 128
    ],
)
def test_the_output_matrix_is_q6_k_where_its_rows_allow_it(
    preset: str, tensor_type: TensorType
) -> None:
    assert planned(preset)["output.weight"].tensor_type is tensor_type


def test_only_the_output_matrix_has_silent_rows() -> None:
    silent = {name for name, tensor in planned("tiny").items() if tensor.silent_rows}
    assert silent == {"output.weight"}


def test_an_unknown_preset_is_answered_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match='no model preset "7b"; choose one of: tiny, small, 1b'):
        architecture("7b")
