import pytest

from yoyak.engines.json_fields import Fields
from yoyak.engines.ollama import backend_of, full_name, model_facts, weights_blob
from yoyak.records import ModelFacts

SHA256 = "e8" * 32


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("mistral", "mistral:latest"),
        ("mistral:7b", "mistral:7b"),
        ("hf.co/someone/model", "hf.co/someone/model:latest"),
        ("registry:5000/model", "registry:5000/model:latest"),
    ],
)
def test_a_name_without_a_tag_is_the_latest(name: str, full: str) -> None:
    assert full_name(name) == full


@pytest.mark.parametrize(
    ("size", "on_gpu", "backend"),
    [
        (100, 0, "cpu"),
        (100, None, "cpu"),
        (100, 100, "gpu"),
        (100, 120, "gpu"),
        (100, 75, "25%/75% cpu/gpu"),
        (0, 0, None),
        (None, 5, None),
    ],
)
def test_where_a_model_is(size: int | None, on_gpu: int | None, backend: str | None) -> None:
    assert backend_of(Fields({"size": size, "size_vram": on_gpu}, "x")) == backend


def test_the_weights_digest_is_in_the_modelfile() -> None:
    modelfile = (
        f"# made by ollama\n# FROM mistral:7b\n\nFROM /srv/blobs/sha256-{SHA256}\nTEMPLATE x"
    )
    shown = Fields({"modelfile": modelfile}, "x")
    assert weights_blob(shown) == (f"/srv/blobs/sha256-{SHA256}", SHA256)


@pytest.mark.parametrize("modelfile", ["", "FROM mistral:7b", "FROM /srv/sha256-abc", None])
def test_a_modelfile_without_a_blob_leaves_the_weights_unknown(modelfile: str | None) -> None:
    assert weights_blob(Fields({"modelfile": modelfile}, "x")) is None


def test_what_is_known_of_a_model() -> None:
    tag = Fields({"digest": "ab", "size": 10, "details": {"quantization_level": "Q4_0"}}, "x")
    shown = Fields(
        {"model_info": {"general.parameter_count": 9, "yoyak.synthetic": True}, "modelfile": ""},
        "x",
    )
    assert model_facts("m", tag, shown) == ModelFacts(
        name="m",
        manifest_digest="ab",
        quantization="Q4_0",
        parameters=9,
        size_bytes=10,
        synthetic=True,
    )


def test_what_is_not_told_of_a_model_is_unknown() -> None:
    assert model_facts("m", Fields({}, "x"), Fields({}, "x")) == ModelFacts(name="m")
