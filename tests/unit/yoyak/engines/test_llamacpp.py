import pytest

from yoyak.engines.llamacpp import Wrapping, quantization_name


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("Q4_0", "Q4_0"),
        ("Q4_K - Medium", "Q4_K_M"),
        ("Q3_K - Small", "Q3_K_S"),
        ("Q3_K - Large", "Q3_K_L"),
        ("Q6_K", "Q6_K"),
        ("all F32", "F32"),
        ("IQ2_XXS - 2.0625 bpw", "IQ2_XXS"),
        ("(guessed) Q4_0", None),
        ("unknown, may not work", None),
        (None, None),
    ],
)
def test_a_file_type_is_named_as_files_are_labelled(told: str | None, name: str | None) -> None:
    assert quantization_name(told) == name


def test_a_wrapping_goes_around_a_prompt() -> None:
    assert Wrapping("[INST] ", " [/INST]").around("요약") == "[INST] 요약 [/INST]"
