import pytest

from newscrawl.extract.times import KST, stated_time


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("2026-11-12T08:41:00+09:00", "2026-11-12T08:41:00+09:00"),
        ("2026-11-12T08:41:00Z", "2026-11-12T08:41:00+00:00"),
        ("2026-11-12T08:41:00+0900", "2026-11-12T08:41:00+09:00"),
        ("2026-11-12 08:41:00", "2026-11-12T08:41:00+09:00"),
        ("2026.11.12. 오전 8:41", "2026-11-12T08:41:00+09:00"),
        ("2026.11.12. 오후 12:05", "2026-11-12T12:05:00+09:00"),
        ("2026.11.12. 오전 12:05", "2026-11-12T00:05:00+09:00"),
        ("입력 2026-11-12 14:20", "2026-11-12T14:20:00+09:00"),
        ("2026년 11월 12일 (목) 14시 20분", "2026-11-12T14:20:00+09:00"),
        ("2026/11/12 14:20:31", "2026-11-12T14:20:31+09:00"),
        ("Mon, 26 Sep 2016 07:50:00 +0900", "2016-09-26T07:50:00+09:00"),
        (1_795_000_000, "2026-11-18T11:06:40+00:00"),
        ("1795000000000", "2026-11-18T11:06:40+00:00"),
    ],
)
def test_a_stated_time_is_iso_with_zone(stated: object, expected: str) -> None:
    assert stated_time(stated, zone=KST) == expected


@pytest.mark.parametrize(
    "stated", ["2026-11-12", "어제", "", None, True, "2026-13-45 10:00", "12:30"]
)
def test_what_is_no_time_is_none(stated: object) -> None:
    assert stated_time(stated, zone=KST) is None


def test_a_time_without_a_zone_is_unknown_where_no_zone_is_known() -> None:
    assert stated_time("2026-11-12 08:41:00", zone=None) is None


def test_a_year_before_the_first_news_sites_is_no_publication() -> None:
    assert stated_time("1970-01-01T00:00:00Z", zone=None) is None
