"""Trees of other hosts, unfolded from tests/data/host, and processes written by hand."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.yoyak.host.fake_proc import FakeProc

DATA = Path(__file__).parents[3] / "data" / "host"


@pytest.fixture
def host_tree(tmp_path: Path) -> Callable[[str], Path]:
    def unfold(name: str) -> Path:
        root = tmp_path / name
        for path, content in json.loads((DATA / f"{name}.json").read_text()).items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str):
                file.write_text(content)
            else:
                file.symlink_to(content["link"])
        return root

    return unfold


@pytest.fixture
def fake_proc(tmp_path: Path) -> FakeProc:
    return FakeProc(tmp_path)
