"""GGUF files with the architecture of a real model and random weights.

A dense model runs the same kernels over the same bytes whatever its weights are, so prompt and
decode speed are those of the real shape; only the text is noise. What does depend on the values:
answer length, mixture-of-experts routing, speculative decoding, and a power-limited GPU's clock.

A file is a pure function of (preset, seed, tokenizer, SYNTH_FORMAT). It is written as a stream:
memory stays at a few chunks whatever the size.
"""

import errno
import hashlib
import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from yoyak.errors import HostError, UsageError
from yoyak.models import gguf_header as entry
from yoyak.models.gguf_format import (
    FILE_TYPE_Q4_0,
    QUANTIZATION_VERSION,
    TokenType,
    padding_bytes,
)
from yoyak.models.presets import SYNTH_FORMAT, Architecture, Tensor, architecture, tensors
from yoyak.models.vocabulary import Vocabulary, mistral_tokenizer_path, read_vocabulary
from yoyak.models.whole_file import remove_leftovers, whole_file
from yoyak.units import MIB

# Mistral's instruction form. Its tokenizer has no system role, so such a message is an instruction.
_CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}{{ ' ' + message['content'] + eos_token }}"
    "{% else %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% endif %}"
    "{% endfor %}"
)

_MAX_SEED = 2**63 - 1  # signed 64-bit: what every reader of the metadata and of our JSON can hold
_CHUNKS_IN_FLIGHT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthResult:
    """A synthetic model that was just written."""

    path: Path
    preset: str
    seed: int
    size_bytes: int
    parameter_count: int
    sha256: str
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """All that is known of a file before its weights are drawn."""

    key: str  # seeds the weights, with the tensor's name
    header: bytes
    tensors: tuple[Tensor, ...]

    @property
    def size_bytes(self) -> int:
        data_bytes = [tensor.size_bytes for tensor in self.tensors]
        return len(self.header) + sum(size + padding_bytes(size) for size in data_bytes)


def planned_bytes(preset: str, *, seed: int = 0) -> int:
    """Return the exact size of the file that `synth` would write.

    Raises:
        UsageError: unknown preset, or a seed out of range.
        HostError: the tokenizer is missing.
    """
    return _plan(preset, seed).size_bytes


def synth(
    preset: str,
    out: Path,
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> SynthResult:
    """Write a synthetic model to `out`, replacing what is there.

    The file appears whole or not at all; on any failure, Ctrl-C included, nothing is left.

    Args:
        preset: one of `presets.PRESETS`.
        out: the file; its folder must exist and hold the whole size free.
        seed: 0 to 2^63 - 1.
        progress: called with (bytes done, bytes in all) after every 8 MiB or less.

    Raises:
        UsageError: unknown preset, seed out of range, or `out` names no file in a folder.
        HostError: too little disk space, the folder cannot be written, or the tokenizer is missing.
    """
    began = time.perf_counter()
    plan = _plan(preset, seed)
    try:
        _check_target(out)
        remove_leftovers(out)
        _check_disk(out, plan.size_bytes)
        with whole_file(out) as file:
            sha256 = _write(file, plan, progress)
    except OSError as error:
        raise _write_error(out, plan.size_bytes, error) from error
    return SynthResult(
        path=out,
        preset=preset,
        seed=seed,
        size_bytes=plan.size_bytes,
        parameter_count=sum(tensor.parameter_count for tensor in plan.tensors),
        sha256=sha256,
        elapsed_s=time.perf_counter() - began,
    )


def _plan(preset: str, seed: int) -> _Plan:
    model = architecture(preset)
    if not 0 <= seed <= _MAX_SEED:
        raise UsageError(f"the seed {seed} is out of range; give one from 0 to {_MAX_SEED}")
    vocabulary = read_vocabulary(mistral_tokenizer_path())
    planned = tensors(model, vocab_size=len(vocabulary), silent_tokens=_silent_tokens(vocabulary))
    return _Plan(
        key=f"yoyak synth {SYNTH_FORMAT} {preset} {seed}",
        header=entry.header(_metadata(preset, seed, model, vocabulary), planned),
        tensors=planned,
    )


def _silent_tokens(vocabulary: Vocabulary) -> tuple[int, ...]:
    """Return the tokens that no answer shall hold.

    End-of-text would end it early (Ollama cannot be told to ignore it), control and unknown tokens
    print nothing, and a byte token is a part of a character, so a chunk would not be whole UTF-8.
    """
    return tuple(
        token_id
        for token_id, kind in enumerate(vocabulary.types)
        if kind not in (TokenType.NORMAL, TokenType.USER_DEFINED) or token_id == vocabulary.end_id
    )


def _metadata(preset: str, seed: int, model: Architecture, vocabulary: Vocabulary) -> list[bytes]:
    return [
        entry.text("general.architecture", "llama"),
        entry.text("general.type", "model"),
        entry.text("general.name", f"synthetic-{preset}-q4_0"),
        entry.text(
            "general.description",
            f"Synthetic: the architecture of {preset} with random weights, made by yoyak to "
            "measure speed. The text it writes is noise.",
        ),
        entry.texts("general.tags", ["synthetic", "benchmark"]),
        entry.uint32("general.file_type", FILE_TYPE_Q4_0),
        entry.uint32("general.quantization_version", QUANTIZATION_VERSION),
        entry.boolean("yoyak.synthetic", True),
        entry.text("yoyak.synth.preset", preset),
        entry.uint64("yoyak.synth.seed", seed),
        entry.uint32("yoyak.synth.version", SYNTH_FORMAT),
        entry.text("yoyak.synth.tokenizer_sha256", vocabulary.sha256),
        entry.uint32("llama.vocab_size", len(vocabulary)),
        entry.uint32("llama.context_length", model.context_length),
        entry.uint32("llama.embedding_length", model.embedding_length),
        entry.uint32("llama.block_count", model.layers),
        entry.uint32("llama.feed_forward_length", model.feed_forward_length),
        entry.uint32("llama.rope.dimension_count", model.head_length),
        entry.float32("llama.rope.freq_base", model.rope_frequency_base),
        entry.uint32("llama.attention.head_count", model.heads),
        entry.uint32("llama.attention.head_count_kv", model.kv_heads),
        entry.float32("llama.attention.layer_norm_rms_epsilon", model.rms_epsilon),
        entry.text("tokenizer.ggml.model", "llama"),
        entry.text("tokenizer.ggml.pre", "default"),
        entry.texts("tokenizer.ggml.tokens", vocabulary.pieces),
        entry.float32s("tokenizer.ggml.scores", vocabulary.scores),
        entry.token_types("tokenizer.ggml.token_type", vocabulary.types),
        entry.uint32("tokenizer.ggml.bos_token_id", vocabulary.begin_id),
        entry.uint32("tokenizer.ggml.eos_token_id", vocabulary.end_id),
        entry.uint32("tokenizer.ggml.unknown_token_id", vocabulary.unknown_id),
        entry.boolean("tokenizer.ggml.add_bos_token", True),
        entry.boolean("tokenizer.ggml.add_eos_token", False),
        entry.boolean("tokenizer.ggml.add_space_prefix", vocabulary.adds_space_prefix),
        entry.boolean(
            "tokenizer.ggml.remove_extra_whitespaces", vocabulary.removes_extra_whitespace
        ),
        entry.text("tokenizer.chat_template", _CHAT_TEMPLATE),
    ]


def _pieces(plan: _Plan) -> Iterator[bytes | memoryview]:
    # Imported here: it brings numpy, a fifth of a second that `yoyak run` has no use for.
    from yoyak.models.weights import weights

    yield plan.header
    for tensor in plan.tensors:
        yield from weights(tensor, f"{plan.key} {tensor.name}")
        yield bytes(padding_bytes(tensor.size_bytes))


def _write(file: BinaryIO, plan: _Plan, progress: Callable[[int, int], None] | None) -> str:
    """Write the file and return its sha256.

    One thread writes while this one draws and hashes: writing takes the longest, and both writing
    and hashing release the interpreter's lock.
    """
    sha256, done_bytes = hashlib.sha256(), 0
    writing: deque[Future[int]] = deque()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="synth-write") as writer:
        for piece in _pieces(plan):
            while len(writing) >= _CHUNKS_IN_FLIGHT:
                writing.popleft().result()
            writing.append(writer.submit(file.write, piece))
            sha256.update(piece)
            done_bytes += len(piece)
            if progress is not None:
                progress(done_bytes, plan.size_bytes)
        for last in writing:
            last.result()
    return sha256.hexdigest()


def _check_target(out: Path) -> None:
    if not out.parent.is_dir():
        raise UsageError(
            f'"{out.parent}" is no folder, so "{out.name}" cannot be written there; '
            f'make it: mkdir -p "{out.parent}"'
        )
    if out.is_dir():
        raise UsageError(f'"{out}" is a folder; name a file in it: "{out / "model.gguf"}"')


def _check_disk(out: Path, size_bytes: int) -> None:
    free_bytes = shutil.disk_usage(out.parent).free
    if free_bytes < size_bytes:
        raise HostError(_no_space(out, size_bytes, free_bytes))


def _no_space(out: Path, size_bytes: int, free_bytes: int) -> str:
    return (
        f'"{out.name}" takes {size_bytes / MIB:,.1f} MiB but "{out.parent}" has '
        f"{free_bytes / MIB:,.1f} MiB free; free some, or name another folder or a smaller preset"
    )


def _write_error(out: Path, size_bytes: int, error: OSError) -> HostError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return HostError(_no_space(out, size_bytes, shutil.disk_usage(out.parent).free))
    reason = os.strerror(error.errno) if error.errno else str(error)
    return HostError(f'"{out}" cannot be written ({reason}); name another folder')
