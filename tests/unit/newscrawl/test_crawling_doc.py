"""docs/crawling.md names every reason for which a page is left out, and none that is not."""

import re
from pathlib import Path

from newscrawl.outcomes import SKIPPED

DOC = (Path(__file__).parents[3] / "docs" / "crawling.md").read_text(encoding="utf-8")


def test_every_reason_is_in_the_table() -> None:
    table = DOC.split("| reason | means |")[1].split("\n\n")[0]
    first_cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert set(re.findall(r"`(\w+)`", " ".join(first_cells))) == set(SKIPPED)
