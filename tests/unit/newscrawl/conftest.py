from collections.abc import Callable
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "data" / "newscrawl"


@pytest.fixture
def stored_page() -> Callable[[str], str]:
    """Read a page that we wrote after a real site's layout."""
    return lambda name: (PAGES / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture
def stored_text() -> Callable[[str], str]:
    """Read the article of a stored page, as a reader would copy it."""
    return lambda name: (PAGES / f"{name}.txt").read_text(encoding="utf-8").strip()
