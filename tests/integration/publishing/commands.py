"""`yoyak publish` in this process, as a user sees it."""

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yoyak.cli.main import run_command_line


@dataclass(frozen=True)
class Said:
    """How the command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def changes(self) -> dict[str, str]:
        """What became of each thing, by its kind and name."""
        lines: list[dict[str, Any]] = json.loads(self.out)
        return {f"{line['what']} {line['name']}": line["change"] for line in lines}

    def is_error(self, code: int) -> str:
        """Check that it ended with one line and this code; return the line."""
        assert self.code == code, self.err
        assert self.err.startswith("error: ")
        assert self.err.count("\n") == 1
        assert self.out == ""
        return self.err


def publish(*arguments: str | Path) -> Said:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command_line(["publish", *map(str, arguments)])
    return Said(code, out.getvalue(), err.getvalue())
