"""What a GGUF file says of itself, read without its weights and without trusting it."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from yoyak.errors import UsageError
from yoyak.models.gguf_format import QUANTIZATION_NAMES
from yoyak.models.gguf_parser import (
    ArrayLength,
    DamagedGgufError,
    GgufHeader,
    HeaderGoesOnError,
    NotGgufError,
    parse_header,
)
from yoyak.units import MIB

# A vocabulary of 32,000 tokens makes a header of 0.8 MB; the largest published are near 20 MB.
MAX_HEADER_BYTES = 64 * MIB
_FIRST_READ_BYTES = 2 * MIB
_READ_GROWTH = 4
_HALF_BYTES = 2  # of a number in half precision


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A model file as its header describes it; None where the header does not say.

    Attributes:
        quantization: as Ollama writes it: "Q4_0", "Q4_K_M".
        context_length: tokens that the model was trained for.
        context_bytes_per_token: keys and values of a token, as llama.cpp keeps them: in half
            precision. None too where not every layer keeps as many.
        synthetic: the file says that its weights are random, by yoyak's key or a tag "synthetic".
        synth_preset: with `synth_seed` and `synth_version`, what yoyak made the file from.
    """

    path: Path
    size_bytes: int
    architecture: str
    name: str | None
    description: str | None
    quantization: str | None
    parameter_count: int
    tensor_count: int
    context_length: int | None
    context_bytes_per_token: int | None
    embedding_length: int | None
    layers: int | None
    vocab_size: int | None
    has_chat_template: bool
    synthetic: bool
    synth_preset: str | None
    synth_seed: int | None
    synth_version: int | None


def read_gguf(path: Path) -> ModelFile:
    """Read the header of a GGUF file and check that its tensors' data are all there.

    Raises:
        UsageError: the file is missing, unreadable, no GGUF, cut short or damaged, or no engine can
            run it by itself (a part of a split model, an adapter, a vocabulary without weights).
    """
    try:
        size_bytes, header = _read_header(path)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise UsageError(
            f'the model file "{path}" cannot be read ({reason}); '
            "give a model file: --model file.gguf"
        ) from error
    except NotGgufError as error:
        raise UsageError(
            f'"{path}" is not a GGUF file ({error}); give a model file: --model file.gguf'
        ) from error
    except DamagedGgufError as error:
        raise UsageError(
            f'the model file "{path}" is damaged or cut short ({error}); fetch or make it again'
        ) from error
    return _model_file(path, size_bytes, header)


def _read_header(path: Path) -> tuple[int, GgufHeader]:
    # O_NONBLOCK: opening a named pipe would wait for its writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise NotGgufError("it is a folder")
        if not stat.S_ISREG(status.st_mode):
            raise NotGgufError("it is no regular file")
        size_bytes, read_bytes = status.st_size, _FIRST_READ_BYTES
        while True:
            head = os.pread(descriptor, read_bytes, 0)
            try:
                return size_bytes, parse_header(head, size_bytes)
            except HeaderGoesOnError:
                if read_bytes >= MAX_HEADER_BYTES or len(head) < read_bytes:
                    raise DamagedGgufError(
                        f"its header is larger than {MAX_HEADER_BYTES // MIB} MiB"
                    ) from None
                read_bytes = min(read_bytes * _READ_GROWTH, MAX_HEADER_BYTES)
    finally:
        os.close(descriptor)


def _model_file(path: Path, size_bytes: int, header: GgufHeader) -> ModelFile:
    facts = _Facts(path, header)
    kind = facts.text("general.type")
    if kind not in (None, "model"):
        raise UsageError(f'"{path}" is no model but "{kind}"; give the model that it belongs to')
    parts = facts.count("split.count")
    if parts is not None and parts > 1:
        raise UsageError(
            f'"{path}" is one of {parts} parts of a model; join them: '
            f"llama-gguf-split --merge {path.name} whole.gguf"
        )
    if not header.tensors:
        raise UsageError(f'"{path}" holds no weights; give a model file: --model file.gguf')
    architecture = facts.text("general.architecture")
    if architecture is None:
        raise UsageError(f'"{path}" does not say its architecture, so no engine can run it')
    vocab_size = facts.count(f"{architecture}.vocab_size")
    file_type = facts.count("general.file_type")
    tags = header.metadata.get("general.tags")
    return ModelFile(
        path=path,
        size_bytes=size_bytes,
        architecture=architecture,
        name=facts.text("general.name"),
        description=facts.text("general.description"),
        quantization=None if file_type is None else QUANTIZATION_NAMES.get(file_type),
        parameter_count=sum(tensor.parameter_count for tensor in header.tensors),
        tensor_count=len(header.tensors),
        context_length=facts.count(f"{architecture}.context_length"),
        context_bytes_per_token=_context_bytes_per_token(facts)
        if architecture == "llama"
        else None,
        embedding_length=facts.count(f"{architecture}.embedding_length"),
        layers=facts.count(f"{architecture}.block_count"),
        vocab_size=facts.items("tokenizer.ggml.tokens") if vocab_size is None else vocab_size,
        has_chat_template=facts.text("tokenizer.chat_template") is not None,
        synthetic=header.metadata.get("yoyak.synthetic") is True
        or (isinstance(tags, tuple) and "synthetic" in tags),
        synth_preset=facts.text("yoyak.synth.preset"),
        synth_seed=facts.count("yoyak.synth.seed"),
        synth_version=facts.count("yoyak.synth.version"),
    )


def _context_bytes_per_token(facts: "_Facts") -> int | None:
    """2 (keys, values) x layers x heads of keys x length of a head x 2 bytes."""
    layers, width = facts.count("llama.block_count"), facts.count("llama.embedding_length")
    heads, key_heads, length = (
        facts.header.metadata.get(f"llama.attention.{name}")  # an array where layers differ
        for name in ("head_count", "head_count_kv", "key_length")
    )
    if not (layers and width and isinstance(heads, int) and heads):
        return None
    key_heads = heads if key_heads is None else key_heads
    length = width // heads if length is None else length
    if not (isinstance(key_heads, int) and isinstance(length, int)):
        return None
    return 2 * layers * key_heads * length * _HALF_BYTES


@dataclass(frozen=True, slots=True)
class _Facts:
    """Typed access to a header's metadata; a value of the wrong type is a UsageError."""

    path: Path
    header: GgufHeader

    def text(self, key: str) -> str | None:
        value = self.header.metadata.get(key)
        if value is None or isinstance(value, str):
            return value
        raise self._wrong(key, "text")

    def count(self, key: str) -> int | None:
        value = self.header.metadata.get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
            return value
        raise self._wrong(key, "a count")

    def items(self, key: str) -> int | None:
        value = self.header.metadata.get(key)
        if value is None:
            return None
        if isinstance(value, ArrayLength):
            return value.items
        raise self._wrong(key, "an array")

    def _wrong(self, key: str, wanted: str) -> UsageError:
        return UsageError(
            f'the model file "{self.path}" is damaged ("{key}" is not {wanted}); '
            "fetch or make it again"
        )
