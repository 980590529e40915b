"""Running cmake: its progress read from its lines, its log kept, its children never left behind."""

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from yoyak.engines.native.recipe import TARGETS
from yoyak.errors import HostError, one_line

_STEPS = re.compile(r"\[(\d+)/(\d+)\]")  # ninja: [17/210] Building ...
_PERCENT = re.compile(r"\[ *(\d+)%\]")  # make: [ 17%] Building ...
_ERROR = re.compile(
    r"(?:fatal )?error:|CMake Error|No space left|Killed|undefined reference|\*\*\* \[",
    re.IGNORECASE,
)
_STOP_S = 10.0

Update = Callable[[float, float | None], None]


def configure_command(
    tree: Path, build: Path, options: Sequence[str], *, generator: str
) -> list[str]:
    """Return the command that prepares a build folder."""
    return ["cmake", "-S", str(tree), "-B", str(build), "-G", generator, *options]


def compile_command(build: Path, *, jobs: int) -> list[str]:
    """Return the command that makes the two programs, or goes on where it was stopped."""
    return ["cmake", "--build", str(build), "--target", *TARGETS, "--parallel", str(jobs)]


def read_progress(line: str) -> tuple[float, float] | None:
    """Return (done, total) from a line of ninja or make, or None if it tells none."""
    if found := _STEPS.match(line):
        return float(found[1]), float(found[2])
    if found := _PERCENT.match(line):
        return float(found[1]), 100.0
    return None


def first_error(lines: Sequence[str]) -> str:
    """Return the line that names what went wrong, else the last one."""
    named = next((line for line in lines if _ERROR.search(line)), None)
    return one_line(named or next((line for line in reversed(lines) if line.strip()), "no word"))


def run_logged(
    command: Sequence[str], *, log: Path, what: str, update: Update, kept_open: Sequence[int] = ()
) -> None:
    """Run a command, its output appended to a log, its progress told.

    Args:
        command: cmake's.
        log: a file.
        what: what it does, for the error.
        update: called with what is done, of how much.
        kept_open: descriptors that it and its children hold until the last of them ends.

    Raises:
        HostError: it could not be started or failed; names the error and the log.
    """
    lines: list[str] = []
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {' '.join(command)}\n")
        file.flush()
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env={**os.environ, "LC_ALL": "C"},  # we read its errors
                start_new_session=True,  # so that all its compilers end with it
                pass_fds=tuple(kept_open),
            )
        except OSError as error:
            raise HostError(
                f"{command[0]} cannot be started: {error.strerror}; see yoyak doctor"
            ) from error
        try:
            for line in process.stdout or ():
                file.write(line)
                lines.append(line)
                progress = read_progress(line)
                if progress is not None:
                    update(*progress)
            code = process.wait()
        finally:
            _end(process)
    if code:
        raise HostError(
            f"{what} failed: {first_error(lines)}; the whole log: {log}; the same command goes on "
            "from here, --again begins anew"
        )


def _end(process: "subprocess.Popen[str]") -> None:
    """End what still runs of a command: on Ctrl-C or an error, its compilers too."""
    if process.stdout is not None:
        process.stdout.close()
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
