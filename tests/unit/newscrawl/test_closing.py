import json

from newscrawl.closing import Closing
from newscrawl.findings import Finding
from newscrawl.run import closing_text

CLOSING = Closing(
    pages=120,
    new_articles=80,
    known_articles=7,
    known_others=2,
    skipped={"robots": 3, "no_text": 12},
    received_bytes=5 * 1024 * 1024,
    elapsed_s=60.0,
    dataset="dataset",
    dataset_sha256="ab" * 32,
    dataset_articles=87,
    dataset_chars=123456,
    near_duplicates=2,
    fed={},
    findings=(Finding(code="undecodable", message="1 page", mend="look at it"),),
)


def test_the_table_says_what_came_in_and_what_was_left_out_and_why() -> None:
    lines = closing_text(CLOSING, "text").splitlines()
    assert lines[0].split() == ["pages", "120", "(2.0", "pages/s)"]
    assert "5.0 MiB in 60.0 s" in lines[1]
    skipped = [line for line in lines if line.startswith("skipped")]
    assert [line.split()[1] for line in skipped] == ["no_text", "robots"]  # most first
    assert any(line.startswith("known others") and " 2 " in line for line in lines)
    assert any("87 articles, 123,456 characters" in line for line in lines)
    assert lines[-1].startswith("finding")


def test_json_holds_the_same() -> None:
    fields = json.loads(closing_text(CLOSING, "json"))
    assert fields["skipped"] == {"robots": 3, "no_text": 12}
    assert fields["pages_per_s"] == 2.0
    assert fields["findings"][0]["code"] == "undecodable"
