"""`python -m yoyak.bench.stack.passwords FILE WHERE`: a password drawn at the first start.

It is kept in a volume and printed nowhere; the log says where to read it.
"""

import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from yoyak.errors import HostError, UsageError, YoyakError

BYTES = 18  # 144 bits, 24 characters
_READABLE = 0o444  # in a volume that only its reader mounts, under another user than ours


def keep_password(path: Path) -> str:
    """Return the password in a file, drawing it if it is not there.

    Raises:
        HostError: the file cannot be read or written.
    """
    try:
        if not path.exists():
            part = path.with_name(f".{path.name}.part")
            part.unlink(missing_ok=True)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _READABLE)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(BYTES))
            part.replace(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise HostError(f"{path} cannot be kept ({error.strerror}); make it writable") from error


def main(arguments: Sequence[str]) -> int:
    """Keep the password and return the exit code."""
    try:
        if len(arguments) != 2:
            raise UsageError("FILE and WHERE are wanted; see compose.yaml")
        keep_password(Path(arguments[0]))
        sys.stderr.write(f"{arguments[1]}\n")
    except YoyakError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
