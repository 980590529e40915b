"""Marks come from the folder a test lies in, and so does the lane in which it runs."""

from pathlib import Path

import pytest

FOLDERS = ("unit", "integration", "e2e")
# `make test` has two workers (--dist loadgroup). What mostly waits, for containers, a browser or
# Prometheus, goes to one of them; what runs engines or times something to the other, one after the
# other; unit tests to whoever is free.
WAITING = (
    "e2e/stack",
    "e2e/report",
    "integration/prometheus",
    "integration/publishing",
    "integration/store",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        parts = item.path.relative_to(here).parts
        if parts[0] not in FOLDERS:
            continue
        item.add_marker(parts[0])
        if parts[0] != "unit":
            lane = "waiting" if "/".join(parts[:2]) in WAITING else "working"
            item.add_marker(pytest.mark.xdist_group(lane))
