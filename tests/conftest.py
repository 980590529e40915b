"""Marks come from the folder a test lies in; hypothesis has no clock of its own."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says what else this machine does; pytest's own timeout bounds a test.
settings.register_profile(
    "without a clock", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("without a clock")

FOLDERS = ("unit", "integration", "e2e")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        folder = item.path.relative_to(here).parts[0]
        if folder in FOLDERS:
            item.add_marker(folder)
