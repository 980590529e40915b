from pathlib import Path

import pytest

from yoyak.engines.model_file import KnownModel
from yoyak.errors import HostError
from yoyak.models import ModelFile
from yoyak.records import ModelFacts

KNOWN = KnownModel(
    ModelFile(
        path=Path("/models/m.gguf"),
        size_bytes=10,
        architecture="llama",
        name="M",
        description=None,
        quantization="Q4_0",
        parameter_count=9,
        tensor_count=1,
        context_length=512,
        context_bytes_per_token=32,
        embedding_length=8,
        layers=1,
        vocab_size=4,
        has_chat_template=True,
        synthetic=True,
        synth_preset="tiny",
        synth_seed=0,
        synth_version=1,
    ),
    sha256="ab",
)


def test_the_manifest_gets_what_the_file_says() -> None:
    assert KNOWN.facts() == ModelFacts(
        name="m.gguf",
        weights_sha256="ab",
        quantization="Q4_0",
        parameters=9,
        size_bytes=10,
        synthetic=True,
    )


@pytest.mark.parametrize(
    "told", [ModelFacts(name="x", parameters=9, quantization="Q4_0"), ModelFacts(name="x")]
)
def test_an_engine_that_does_not_contradict_the_file_runs_it(told: ModelFacts) -> None:
    assert KNOWN.checked_against(told, "http://e") == KNOWN.facts()


@pytest.mark.parametrize(
    "told", [ModelFacts(name="m.gguf", parameters=8), ModelFacts(name="m.gguf", quantization="F16")]
)
def test_an_engine_that_contradicts_the_file_runs_another(told: ModelFacts) -> None:
    with pytest.raises(HostError, match=r"http://e runs another model than .*--model"):
        KNOWN.checked_against(told, "http://e")
