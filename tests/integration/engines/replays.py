"""`ollama_replay` as a process, for tests that need to know the truth about an answer."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

Script = dict[str, Any]
QUICK = {"first_chunk_s": 0.03, "gap_s": 0.002}


class Replay:
    """A replay process, its address, and what it logged."""

    def __init__(self, url: str, truth: Path) -> None:
        self.url = url
        self._truth = truth

    def answers(self) -> list[dict[str, Any]]:
        """Return the truth about each prompt that was answered."""
        lines = [json.loads(line) for line in self._truth.read_text().splitlines()]
        return [line for line in lines if line.get("path") == "/api/chat" and "intended_ns" in line]


@asynccontextmanager
async def replaying(folder: Path, script: Script) -> AsyncIterator[Replay]:
    file, truth = folder / "script.json", folder / "truth.jsonl"
    file.write_text(json.dumps({"timeline": QUICK, **script}))
    process = subprocess.Popen(  # noqa: ASYNC220 - it is ended below
        [
            *(sys.executable, "-m", "ollama_replay", "--die-with-parent"),
            *("--script", str(file), "--truth", str(truth)),
        ],
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = await asyncio.to_thread(process.stdout.readline)
        yield Replay(json.loads(line)["url"], truth)
    finally:
        process.terminate()
        await asyncio.to_thread(process.communicate)
