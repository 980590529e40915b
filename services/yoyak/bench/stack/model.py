"""`python -m yoyak.bench.stack.model FOLDER NAME`: the model file that the stack runs.

A name such as synthetic-small.gguf is made if it is not there; any other must lie in the folder.
Its digest is left beside it, so that nobody hashes gigabytes again.
"""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from yoyak.bench.stack.steps import Steps
from yoyak.errors import HostError, UsageError, YoyakError
from yoyak.models import PRESETS, cached, read_gguf, weights_sha256

SYNTHETIC = re.compile(r"synthetic-([a-z0-9-]+)\.gguf")


def provide(folder: Path, name: str) -> Path:
    """Return the path of the model, made or checked.

    Raises:
        UsageError: no such file and no preset, or a file that is no model.
        HostError: the folder cannot be written, or the disk has too little space.
    """
    path = folder / name
    if path.parent != folder or name in ("", ".", ".."):
        raise UsageError(
            f'YOYAK_MODEL is "{name}"; give a file\'s name only, YOYAK_MODELS names its folder'
        )
    preset = SYNTHETIC.fullmatch(name)
    if preset is not None and preset[1] in PRESETS:
        _point_at(path, cached(preset[1], cache_dir=folder, progress=Steps(f"making {name}")))
    elif not path.is_file():
        there = ", ".join(sorted(found.name for found in folder.glob("*.gguf"))) or "none"
        raise UsageError(
            f'YOYAK_MODEL is "{name}", and the models folder does not hold it (it holds {there}); '
            f"copy it there, or name one that is made: "
            f"{', '.join(f'synthetic-{preset}.gguf' for preset in sorted(PRESETS))}"
        )
    read_gguf(path)
    weights_sha256(path, cache_dir=folder, progress=Steps(f"hashing {name}"))
    return path


def _point_at(link: Path, target: Path) -> None:
    """Make `link` a symlink to its neighbour `target`, by rename, unless it is one."""
    if link.is_symlink() and link.readlink() == Path(target.name):
        return
    part = link.with_name(f".{link.name}.part")
    try:
        part.unlink(missing_ok=True)
        part.symlink_to(target.name)
        part.replace(link)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise HostError(f"{link} cannot be made ({reason}); make its folder writable") from error


def main(arguments: Sequence[str]) -> int:
    """Provide the model and return the exit code."""
    try:
        if len(arguments) != 2:
            raise UsageError("FOLDER and NAME are wanted; see compose.yaml")
        sys.stderr.write(f"model: {provide(Path(arguments[0]), arguments[1])}\n")
    except YoyakError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
