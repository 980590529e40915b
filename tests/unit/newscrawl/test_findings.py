import pytest

from newscrawl.findings import findings


def codes(**changes: dict[str, int]) -> list[str]:
    facts: dict[str, dict[str, int]] = {"read": {}, "empty": {}, "skipped": {}, **changes}
    return [
        f.code
        for f in findings(
            read=facts["read"], empty=facts["empty"], skipped=facts["skipped"], articles=10
        )
    ]


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
    assert (codes(read={way: read}, empty={way: empty}) == ["layout_changed"]) is is_found


def test_a_site_that_refuses_most_requests_is_named() -> None:
    assert codes(skipped={"http_error": 11}) == ["mostly_http_error"]
    assert codes(skipped={"http_error": 4}) == []


def test_pages_in_no_character_set_are_named() -> None:
    assert codes(skipped={"undecodable": 1}) == ["undecodable"]
