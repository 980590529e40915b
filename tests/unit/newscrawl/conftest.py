from collections.abc import Callable
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "data" / "newscrawl"


@pytest.fixture
def stored_page() -> Callable[[str], str]:
    """Read a page that we wrote after a real site's layout."""
    return lambda name: (PAGES / f"{name}.html").read_text(encoding="utf-8")
