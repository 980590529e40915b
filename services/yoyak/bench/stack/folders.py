"""`python -m yoyak.bench.stack.folders UID GID FOLDER...`: folders that the container engine made.

The engine makes what a volume needs and is not there, as root. This one-shot runs as root with no
capability but CAP_CHOWN, and gives such folders to the user that the stack runs as. A folder that
has an owner or a content of its own is the user's, and stays as it is.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from yoyak.errors import HostError, UsageError, YoyakError

ROOT = 0
_LEAST_ARGUMENTS = 3


def hand_over(folder: Path, *, uid: int, gid: int) -> bool:
    """Give the folder to uid and gid if it is root's and empty; return whether that was done.

    Raises:
        HostError: it is not there, or cannot be given away.
    """
    try:
        if folder.stat().st_uid != ROOT or any(folder.iterdir()):
            return False
        os.chown(folder, uid, gid)
    except OSError as error:
        raise HostError(
            f"{folder} cannot be given to user {uid} ({error.strerror}); on the host: "
            f"chown {uid}:{gid} the folder that is mounted there"
        ) from error
    return True


def main(arguments: Sequence[str]) -> int:
    """Hand every folder over and return the exit code."""
    try:
        if len(arguments) < _LEAST_ARGUMENTS or not all(a.isdigit() for a in arguments[:2]):
            raise UsageError(
                f"UID GID FOLDER... are wanted, not {' '.join(arguments) or 'nothing'}; "
                "YOYAK_UID and YOYAK_GID are numbers, as `id -u` and `id -g` print them"
            )
        uid, gid = int(arguments[0]), int(arguments[1])
        for name in arguments[2:]:
            if hand_over(Path(name), uid=uid, gid=gid):
                sys.stderr.write(f"{name} now belongs to {uid}:{gid}\n")
    except YoyakError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
