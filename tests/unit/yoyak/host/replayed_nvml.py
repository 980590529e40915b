"""NVML's answers from a file: what `python -m yoyak.host.nvml` wrote down, or a person."""

import json
from pathlib import Path
from typing import Any

from yoyak.host.nvml import NvmlFailure

DATA = Path(__file__).parents[3] / "data" / "host"


class ReplayedNvml:
    """Answers as the file has it; a test may change an answer between two samples."""

    def __init__(self, name: str) -> None:
        self.answers: dict[str, Any] = json.loads((DATA / f"nvml_{name}.json").read_text())

    def call(self, function: str, device: str = "") -> Any:  # noqa: ANN401 - as NVML's answers
        answer = self.answers[f"{function} {device}".strip()]
        if isinstance(answer, dict) and "nvml_error" in answer:
            code = answer["nvml_error"]
            raise NvmlFailure(code, f"NVML error {code}")
        return answer

    def refuse(self, call: str, code: int) -> None:
        self.answers[call] = {"nvml_error": code}

    def refuse_everything(self, code: int) -> None:
        for call in self.answers:
            self.refuse(call, code)
