"""Time `make demo` in a fresh clone, and once more: prints a table. Run it by `make bench-demo`."""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIMIT_S = 600


def timed_demo(clone: Path) -> float:
    """Return the wall seconds of one `make demo`; its output goes to stderr."""
    began = time.monotonic()
    subprocess.run(
        ["make", "demo", f"PYTHON={sys.base_prefix}/bin/python3"],
        cwd=clone,
        stdout=sys.stderr,
        check=True,
        timeout=LIMIT_S,
    )
    return time.monotonic() - began


def main() -> None:
    """Clone, run twice, print."""
    with tempfile.TemporaryDirectory(prefix="yoyak-clone-") as folder:
        clone = Path(folder) / "yoyak"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        first_s = timed_demo(clone)
        second_s = timed_demo(clone)
        size_mb = sum(f.stat().st_size for f in (clone / ".venv").rglob("*") if f.is_file()) / 1e6
        shutil.rmtree(clone)
    rows = (
        ("fresh clone to finished report, warm package cache", f"{first_s:.1f} s", "at most 120 s"),
        ("second `make demo`", f"{second_s:.1f} s", "at most 40 s"),
        ("environment on disk", f"{size_mb:.0f} MB", "-"),
    )
    print("| what | measured | goal |\n| --- | --- | --- |")
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
