import json
import os
import struct
import time
from dataclasses import asdict
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yoyak.errors import UsageError
from yoyak.models import ModelFile, SynthResult, read_gguf
from yoyak.models import gguf_header as entry
from yoyak.models.gguf_format import TensorType
from yoyak.models.gguf_reader import MAX_HEADER_BYTES
from yoyak.models.presets import Tensor

TENSOR = Tensor(name="t", shape=(8,), tensor_type=TensorType.F32, sigma=None)
LLAMA = entry.text("general.architecture", "llama")


def gguf_file(
    folder: Path, *entries: bytes, tensors: tuple[Tensor, ...] = (TENSOR,), cut_bytes: int = 0
) -> Path:
    whole = entry.header(entries, tensors) + bytes(sum(tensor.size_bytes for tensor in tensors))
    path = folder / "model.gguf"
    path.write_bytes(whole[: len(whole) - cut_bytes])
    return path


def test_a_synthetic_model_says_what_it_is(tiny: SynthResult) -> None:
    assert read_gguf(tiny.path) == ModelFile(
        path=tiny.path,
        size_bytes=tiny.size_bytes,
        architecture="llama",
        name="synthetic-tiny-q4_0",
        description="Synthetic: the architecture of tiny with random weights, made by yoyak "
        "to measure speed. The text it writes is noise.",
        quantization="Q4_0",
        parameter_count=tiny.parameter_count,
        tensor_count=4 * 9 + 3,
        context_length=4096,
        context_bytes_per_token=2 * 4 * 2 * 32 * 2,  # layers, heads of keys, their length, halves
        embedding_length=128,
        layers=4,
        vocab_size=32_000,
        has_chat_template=True,
        synthetic=True,
        synth_preset="tiny",
        synth_seed=0,
        synth_version=1,
    )


@pytest.mark.parametrize(
    ("more", "bytes_per_token"),
    [
        ([], 2 * 2 * 4 * 16 * 2),  # as many heads of keys as of queries
        ([entry.uint32("llama.attention.head_count_kv", 1)], 2 * 2 * 1 * 16 * 2),
        ([entry.uint32("llama.attention.key_length", 32)], 2 * 2 * 4 * 32 * 2),
        ([entry.texts("llama.attention.head_count_kv", ["1", "2"])], None),
    ],
)
def test_the_memory_of_a_token_s_context_is_told_where_all_layers_are_alike(
    tmp_path: Path, more: list[bytes], bytes_per_token: int | None
) -> None:
    shape = [
        entry.uint32("llama.block_count", 2),
        entry.uint32("llama.embedding_length", 64),
        entry.uint32("llama.attention.head_count", 4),
    ]
    assert read_gguf(gguf_file(tmp_path, LLAMA, *shape, *more)).context_bytes_per_token == (
        bytes_per_token
    )


def test_a_vocabulary_of_32000_tokens_is_stepped_over_in_50_ms(tiny: SynthResult) -> None:
    def elapsed_s() -> float:
        began = time.perf_counter()
        read_gguf(tiny.path)
        return time.perf_counter() - began

    assert min(elapsed_s() for _ in range(5)) < 0.05


def test_what_a_file_does_not_say_is_none(tmp_path: Path) -> None:
    facts = asdict(read_gguf(gguf_file(tmp_path, LLAMA)))
    unknown = {key for key, value in facts.items() if value is None}
    assert unknown == {
        "name",
        "description",
        "quantization",
        "context_length",
        "context_bytes_per_token",
        "embedding_length",
        "layers",
        "vocab_size",
        "synth_preset",
        "synth_seed",
        "synth_version",
    }
    assert not facts["synthetic"]


def test_the_vocabulary_is_counted_where_its_size_is_not_given(tmp_path: Path) -> None:
    path = gguf_file(tmp_path, LLAMA, entry.texts("tokenizer.ggml.tokens", ["a", "b", "c"]))
    assert read_gguf(path).vocab_size == 3


def test_a_quantization_of_tomorrow_is_unknown(tmp_path: Path) -> None:
    path = gguf_file(tmp_path, LLAMA, entry.uint32("general.file_type", 4321))
    assert read_gguf(path).quantization is None


@pytest.mark.parametrize(
    ("mark", "synthetic"),
    [
        (entry.boolean("yoyak.synthetic", value=True), True),
        (entry.boolean("yoyak.synthetic", value=False), False),
        (entry.texts("general.tags", ["synthetic"]), True),
        (entry.texts("general.tags", ["text-generation"]), False),
    ],
)
def test_random_weights_are_told_by_our_key_or_by_the_tag(
    tmp_path: Path, mark: bytes, synthetic: bool
) -> None:
    assert read_gguf(gguf_file(tmp_path, LLAMA, mark)).synthetic is synthetic


def test_the_facts_can_be_written_as_json(tiny: SynthResult) -> None:
    facts = {**asdict(read_gguf(tiny.path)), "path": "tiny.gguf"}
    assert json.loads(json.dumps(facts)) == facts


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([], "does not say its architecture"),
        ([LLAMA, entry.text("general.type", "adapter")], 'is no model but "adapter"'),
        ([LLAMA, entry.uint32("split.count", 3)], "one of 3 parts of a model; join them"),
        ([entry.uint32("general.architecture", 7)], '"general.architecture" is not text'),
        ([LLAMA, entry.text("llama.context_length", "4k")], "is not a count"),
        ([LLAMA, entry.boolean("llama.block_count", value=True)], "is not a count"),
        ([LLAMA, entry.text("tokenizer.ggml.tokens", "a")], "is not an array"),
    ],
)
def test_a_file_that_no_engine_can_run_alone_is_refused(
    tmp_path: Path, entries: list[bytes], reason: str
) -> None:
    path = gguf_file(tmp_path, *entries)
    with pytest.raises(UsageError, match=reason):
        read_gguf(path)


def test_a_vocabulary_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no weights"):
        read_gguf(gguf_file(tmp_path, LLAMA, tensors=()))


def test_a_file_that_lacks_its_last_byte_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"damaged or cut short .*fetch or make it again"):
        read_gguf(gguf_file(tmp_path, LLAMA, cut_bytes=1))


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "it is empty"), (b"%PDF-1.7 whatever", "it begins with b'%PDF-1.7'")],
)
def test_a_file_of_another_kind_is_named_by_its_first_bytes(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(content)
    with pytest.raises(UsageError) as refusal:
        read_gguf(path)
    assert str(refusal.value) == (
        f'"{path}" is not a GGUF file ({reason}); give a model file: --model file.gguf'
    )


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it is a folder"):
        read_gguf(tmp_path)


def test_a_named_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    with pytest.raises(UsageError, match="it is no regular file"):
        read_gguf(tmp_path / "pipe.gguf")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot be read \(No such file or directory\)"):
        read_gguf(tmp_path / "absent.gguf")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    path = gguf_file(tmp_path, LLAMA)
    path.chmod(0)
    with pytest.raises(UsageError, match="Permission denied"):
        read_gguf(path)


def test_a_long_header_is_read_in_growing_steps(tmp_path: Path) -> None:
    long_text = entry.text("general.description", "x" * 20_000_000)
    assert len(read_gguf(gguf_file(tmp_path, LLAMA, long_text)).description or "") == 20_000_000


def test_a_header_without_end_is_given_up(tmp_path: Path) -> None:
    path = gguf_file(tmp_path, LLAMA, entry.text("endless", ""))
    head = path.read_bytes()
    length_at = head.index(b"endless") + len(b"endless") + struct.calcsize("<I")
    path.write_bytes(head[:length_at] + struct.pack("<Q", MAX_HEADER_BYTES))
    os.truncate(path, 2 * MAX_HEADER_BYTES)  # sparse
    with pytest.raises(UsageError, match="its header is larger than 64 MiB"):
        read_gguf(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(0, 2_000),
    value=st.integers(0, 255),
    kept_bytes=st.one_of(st.none(), st.integers(0, 8_000_000)),
)
def test_a_damaged_model_is_read_or_refused_and_nothing_else(
    tiny: SynthResult, tmp_path: Path, at: int, value: int, kept_bytes: int | None
) -> None:
    content = bytearray(tiny.path.read_bytes()[:kept_bytes])
    if at < len(content):
        content[at] = value
    path = tmp_path / "damaged.gguf"
    path.write_bytes(content)
    try:
        model = read_gguf(path)
    except UsageError as refusal:
        assert "\n" not in str(refusal)  # noqa: PT017 - both ends are fine, each has its own check
    else:
        assert model.size_bytes == len(content) == tiny.size_bytes


def test_a_file_of_the_reference_writer_is_read(tmp_path: Path) -> None:
    path = tmp_path / "reference.gguf"
    writer = gguf.GGUFWriter(path, "qwen3")
    writer.add_custom_alignment(64)
    writer.add_name("온글 0.6B")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_K_M)
    writer.add_context_length(40_960)
    writer.add_block_count(28)
    writer.add_token_list(["<s>", "가", "나"])
    writer.add_token_merges(["가 나"])
    writer.add_array("mixed.numbers", [1, 2, 3])
    writer.add_array("mixed.flags", [True, False])
    writer.add_float64("mixed.double", 0.1)
    writer.add_int8("mixed.small", -1)
    writer.add_tensor("a", np.zeros((3, 5), dtype=np.float32))
    writer.add_tensor("b", np.zeros((2, 7), dtype=np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    model = read_gguf(path)
    assert (model.architecture, model.name, model.quantization) == ("qwen3", "온글 0.6B", "Q4_K_M")
    assert (model.context_length, model.layers, model.vocab_size) == (40_960, 28, 3)
    assert (model.parameter_count, model.tensor_count) == (3 * 5 + 2 * 7, 2)
    assert not model.synthetic
