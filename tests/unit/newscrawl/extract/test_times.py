from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

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
        ("Mon, 26 Sep 2016 07:50:00 +09:00", "2016-09-26T07:50:00+09:00"),
        ("Mon, 26 Sep 2016 07:50:00 KST", "2016-09-26T07:50:00+09:00"),
        ("Mon, 26 Sep 2016 07:50:00 GMT", "2016-09-26T07:50:00+00:00"),
        ("Mon, 26 Sep 2016 07:50:00 EST", "2016-09-26T07:50:00-05:00"),
        ("Mon, 26 Sep 2016 07:50:00 -0000", "2016-09-26T07:50:00+00:00"),  # UTC, by RFC 5322
        ("Mon, 26 Sep 2016 07:50:00", "2016-09-26T07:50:00+09:00"),
        ("Mon, 26 Sep 2016 07:50 +0900", "2016-09-26T07:50:00+09:00"),
        ("26 September 2016 07:50:00 +0530", "2016-09-26T07:50:00+05:30"),
        ("Mon, 26 Sep 16 07:50:00 +0900", "2016-09-26T07:50:00+09:00"),
        ("2026-11-12 08:41:00 +0900", "2026-11-12T08:41:00+09:00"),
        ("2026-11-12 08:41:00 UTC", "2026-11-12T08:41:00+00:00"),
        ("2026-11-12 08:41:00.000 KST", "2026-11-12T08:41:00+09:00"),
        ("2026-11-12 08:41:00 -05:00", "2026-11-12T08:41:00-05:00"),
        ("2026-11-12 08:41 PM", "2026-11-12T20:41:00+09:00"),
        ("2026.11.12 14:20 수정 2026.11.12 15:00", "2026-11-12T14:20:00+09:00"),
        ("2026-11-12 14:20-2026-11-13", "2026-11-12T14:20:00+09:00"),
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


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - the zone is next
    st.integers(-14 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters))),
)
def test_every_form_of_a_moment_is_that_moment(moment: datetime, zone: timezone) -> None:
    moment = moment.replace(microsecond=0, tzinfo=zone)
    assume(moment.year >= 1990)
    for form in (moment.isoformat(), f"{moment:%Y-%m-%d %H:%M:%S %z}", format_datetime(moment)):
        assert stated_time(form, zone=KST) == moment.isoformat(), form


def test_a_time_without_a_zone_is_unknown_where_no_zone_is_known() -> None:
    assert stated_time("2026-11-12 08:41:00", zone=None) is None


def test_a_year_before_the_first_news_sites_is_no_publication() -> None:
    assert stated_time("1970-01-01T00:00:00Z", zone=None) is None
