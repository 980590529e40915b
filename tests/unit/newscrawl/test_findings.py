from collections.abc import Collection, Mapping

import pytest

from newscrawl.findings import Place, findings

HOST = "news.example"


def codes(
    *,
    read: Mapping[Place, int] | None = None,
    empty: Mapping[Place, int] | None = None,
    asked: Collection[str] = (),
    skipped: Mapping[str, int] | None = None,
    lost: Mapping[str, str] | None = None,
) -> list[str]:
    found = findings(
        read=read or {},
        empty=empty or {},
        asked_hosts=asked,
        skipped=skipped or {},
        lists_lost=lost or {},
        articles=10,
    )
    return [finding.code for finding in found]


@pytest.mark.parametrize(
    ("way", "read", "empty", "is_found"),
    [
        ("rule", 100, 20, False),
        ("rule", 100, 21, True),
        ("library", 100, 50, False),
        ("library", 100, 51, True),
        ("rule", 4, 3, False),  # too few to say
        ("rule", 4, 4, True),
        ("rule", 0, 0, False),
    ],
)
def test_a_layout_has_changed_where_too_many_pages_are_empty(
    way: str, read: int, empty: int, is_found: bool
) -> None:
    found = codes(read={(way, HOST): read}, empty={(way, HOST): empty})
    assert (found == ["layout_changed"]) is is_found


def test_one_site_of_many_is_named_and_fails_the_crawl_where_it_was_asked_for() -> None:
    read = {("library", HOST): 8, ("library", "other.example"): 80, ("library", "few.example"): 4}
    empty = {("library", HOST): 8, ("library", "few.example"): 4}
    assert codes(read=read, empty=empty) == ["site_not_read"]
    assert codes(read=read, empty=empty, asked=[HOST]) == ["layout_changed"]


def test_a_list_that_could_not_be_read_is_named() -> None:
    assert codes(lost={"https://news.example/?page=2": "timeout"}) == ["lists_not_read"]


def test_a_page_that_an_error_of_our_own_lost_is_named() -> None:
    assert codes(skipped={"internal": 1}) == ["internal"]


def test_a_site_that_refuses_most_requests_is_named() -> None:
    assert codes(skipped={"http_error": 11}) == ["mostly_http_error"]
    assert codes(skipped={"http_error": 4}) == []


def test_pages_in_no_character_set_are_named() -> None:
    assert codes(skipped={"undecodable": 1}) == ["undecodable"]
