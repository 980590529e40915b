"""Writing a model against signals, limits, full disks and rivals, all of them real."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from yoyak.models import read_gguf, synth

# Writes tiny; after each piece it says so and waits for a line from the test.
STEPWISE = """
import sys
from pathlib import Path
from yoyak.models import synth

def progress(done_bytes, _):
    print(done_bytes, flush=True)
    if done_bytes > 4_000_000:
        sys.stdin.readline()

synth("tiny", Path(sys.argv[1]), progress=progress)
"""

LIMITED = """
import resource, sys
from pathlib import Path
from yoyak.errors import HostError
from yoyak.models import synth

resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))
try:
    synth("tiny", Path(sys.argv[1]))
except HostError as error:
    print(error)
"""

# Fills the disk while the model is being written, past the check that there is room.
FILLING = """
import sys
from pathlib import Path
from yoyak.errors import HostError
from yoyak.models import synth

out = Path(sys.argv[1])
ballast = out.with_name("ballast")

def progress(done_bytes, _):
    try:
        with ballast.open("ab", buffering=0) as file:
            while file.write(bytes(65536)):
                pass
    except OSError:
        pass

try:
    synth("tiny", out, progress=progress if "fill" in sys.argv else None)
except HostError as error:
    print(error)
print(*(path.name for path in out.parent.iterdir()))
"""

CACHED = """
import sys
from pathlib import Path
from yoyak.models import cached

calls = []
cached("tiny", cache_dir=Path(sys.argv[1]), progress=lambda *done: calls.append(done))
print("made" if calls else "found")
"""


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def interrupted_in_the_middle(out: Path, by: signal.Signals) -> int:
    with start(STEPWISE, str(out)) as writer:
        assert writer.stdout is not None
        while int(writer.stdout.readline()) <= 4_000_000:
            pass
        assert [path.suffix for path in out.parent.iterdir()] == [".part"]
        writer.send_signal(by)
        return writer.wait(timeout=30)


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    assert interrupted_in_the_middle(tmp_path / "m.gguf", signal.SIGINT) == -signal.SIGINT
    assert list(tmp_path.iterdir()) == []


def test_what_kill_9_leaves_is_removed_by_the_next_writer(tmp_path: Path) -> None:
    out = tmp_path / "m.gguf"
    assert interrupted_in_the_middle(out, signal.SIGKILL) == -signal.SIGKILL
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
    synth("tiny", out)
    assert list(tmp_path.iterdir()) == [out]


def test_a_file_size_limit_is_told_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    with start(LIMITED, str(tmp_path / "m.gguf")) as writer:
        output, errors = writer.communicate(timeout=60)
    assert output == (
        f'"{tmp_path / "m.gguf"}" cannot be written (File too large); name another folder\n'
    )
    assert errors == ""
    assert list(tmp_path.iterdir()) == []


def on_a_small_disk(folder: Path, size: str, *arguments: str) -> list[str]:
    """Return what FILLING prints with `folder` on a memory disk, mounted for it alone."""
    command = (
        f'mount -t tmpfs -o size={size} none "$1" && shift && exec "$@"',
        "sh",
        str(folder),
        sys.executable,
        "-c",
        FILLING,
        str(folder / "m.gguf"),
        *arguments,
    )
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*unshare, "true"], check=False).returncode
    ):
        pytest.skip("this host allows no mount namespaces")
    ran = subprocess.run(
        [*unshare, "sh", "-c", *command], capture_output=True, text=True, timeout=60, check=False
    )
    if "mount:" in ran.stderr:
        pytest.skip("this host allows no mounts")
    assert ran.stderr == ""
    return ran.stdout.splitlines()


def test_a_disk_without_room_is_refused(tmp_path: Path) -> None:
    error, left = on_a_small_disk(tmp_path, "4m")
    assert error == (
        f'"m.gguf" takes 7.5 MiB but "{tmp_path}" has 4.0 MiB free; '
        "free some, or name another folder or a smaller preset"
    )
    assert left == ""


def test_a_disk_that_fills_up_meanwhile_is_told_in_one_line_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    error, left = on_a_small_disk(tmp_path, "12m", "fill")
    assert error.startswith('"m.gguf" takes 7.5 MiB but')
    assert left == "ballast"


def test_of_three_processes_one_makes_the_model_and_two_find_it(tmp_path: Path) -> None:
    makers = [start(CACHED, str(tmp_path)) for _ in range(3)]
    outputs = [maker.communicate(timeout=60) for maker in makers]
    assert sorted(output.strip() for output, _ in outputs) == ["found", "found", "made"]
    (model,) = tmp_path.glob("*.gguf")
    assert read_gguf(model).synthetic
    assert list(tmp_path.glob("*.part")) == []
