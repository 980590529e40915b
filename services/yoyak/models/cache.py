"""Synthetic models that are made once and found again, by preset, seed and format.

Beside each model lies a small JSON file that says what it was made from, its size, modification
time and sha256. A model is good when all of these still fit; otherwise it is made anew.
"""

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from yoyak.errors import HostError
from yoyak.models.digest import remember_sha256
from yoyak.models.presets import SYNTH_FORMAT, architecture
from yoyak.models.synthesis import synth
from yoyak.models.vocabulary import mistral_tokenizer_path
from yoyak.models.whole_file import whole_file


def cached(
    preset: str,
    *,
    seed: int = 0,
    cache_dir: Path,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Return the path of a synthetic model in `cache_dir`, making it if it is not there.

    Of several processes that want the same model, one makes it and the others wait. A model that is
    there is found without writing anything, so the folder may then be read-only.

    Args:
        preset: one of `presets.PRESETS`.
        seed: as for `synth`.
        cache_dir: made if it is missing.
        progress: as for `synth`; not called when the model is there.

    Raises:
        UsageError: unknown preset or seed out of range.
        HostError: too little disk space, the folder cannot be written, or the tokenizer is missing.
    """
    architecture(preset)
    path = cache_dir / f"synthetic-{preset}-seed{seed}-v{SYNTH_FORMAT}.gguf"
    tokenizer_sha256 = hashlib.sha256(mistral_tokenizer_path().read_bytes()).hexdigest()
    if _is_good(path, tokenizer_sha256):
        return path
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with _lock(path):
            if not _is_good(path, tokenizer_sha256):
                _make(preset, seed, path, tokenizer_sha256, progress)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise HostError(
            f'the model cache "{cache_dir}" cannot be written ({reason}); '
            "make it writable or name another folder"
        ) from error
    return path


def _make(
    preset: str,
    seed: int,
    path: Path,
    tokenizer_sha256: str,
    progress: Callable[[int, int], None] | None,
) -> None:
    made = synth(preset, path, seed=seed, progress=progress)
    sidecar = {
        "tokenizer_sha256": tokenizer_sha256,
        "size_bytes": made.size_bytes,
        "mtime_ns": path.stat().st_mtime_ns,
        "parameter_count": made.parameter_count,
        "sha256": made.sha256,
    }
    with whole_file(_sidecar(path)) as file:
        file.write(json.dumps(sidecar, indent=2).encode() + b"\n")
    remember_sha256(path, made.sha256, cache_dir=path.parent)


def _sidecar(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _is_good(path: Path, tokenizer_sha256: str) -> bool:
    try:
        status = path.stat()
        sidecar = json.loads(_sidecar(path).read_bytes())
    except (OSError, ValueError):
        return False  # not there, or its writer was killed between the two files
    return isinstance(sidecar, dict) and (
        sidecar.get("tokenizer_sha256"),
        sidecar.get("size_bytes"),
        sidecar.get("mtime_ns"),
    ) == (tokenizer_sha256, status.st_size, status.st_mtime_ns)


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    # The lock file stays: removing it would let two processes hold locks on two files of one name.
    with path.with_name(f".{path.name}.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
