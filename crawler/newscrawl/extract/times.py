"""The times that news pages state, as ISO 8601 with zone."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

KST = timezone(timedelta(hours=9))  # Korea has had no daylight saving time since 1988
EARLIEST_YEAR = 1990  # before the first news sites; a smaller number is no publication year
MS_EPOCH_FROM = 10**11  # as seconds this is the year 5138, as milliseconds 1973

_ZONE = r"Z|UTC|GMT|KST|[+-](?:0\d|1[0-4]):?[0-5]\d"
_STAMP = re.compile(
    r"(?P<year>\d{4})\s*[-./년]\s*(?P<month>\d{1,2})\s*[-./월]\s*(?P<day>\d{1,2})\s*[.일]?"
    r"(?:\s*\(?[월화수목금토일](?:요일)?\)?)?"
    r"(?:\s*[T,|]\s*|\s+)?"
    r"(?P<half>오전|오후|AM|PM|am|pm)?\s*"
    r"(?P<hour>\d{1,2})\s*[:시]\s*(?P<minute>\d{1,2})(?:\s*[:분]\s*(?P<second>\d{1,2}))?"
    r"(?:\.\d+)?(?:\s*(?P<half_after>AM|PM|am|pm)\b)?"
    rf"(?:\s*(?P<zone>{_ZONE})(?!\w))?"
)
_RFC822 = re.compile(r"[A-Za-z]{3,9} \d{2,4} \d")
_RFC822_ZONE = re.compile(rf"\s({_ZONE})$")


def stated_time(value: object, *, zone: timezone | None) -> str | None:
    """Return a stated time as ISO 8601 with its own zone, or with `zone` where it has none.

    Understands ISO 8601, RFC 822, epoch seconds and milliseconds, and Korean forms such as
    `2026.11.12. 오전 8:41`. A bare date is no time, and a time without a zone is none where
    `zone` is None: None then.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _from_epoch(float(value))
    if not isinstance(value, str) or not (text := value.strip()):
        return None
    if text.isdecimal():
        return _from_epoch(float(text))
    found = _from_iso(text) or _from_rfc822(text) or _from_words(text)
    if found is None or found.year < EARLIEST_YEAR:
        return None
    if found.tzinfo is None:
        if zone is None:
            return None
        found = found.replace(tzinfo=zone)
    return found.replace(microsecond=0).isoformat()


def _from_epoch(value: float) -> str | None:
    seconds = value / 1000 if value >= MS_EPOCH_FROM else value
    try:
        found = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return found.replace(microsecond=0).isoformat() if found.year >= EARLIEST_YEAR else None


def _from_iso(text: str) -> datetime | None:
    if len(text) < len("2026-11-12T08:41"):
        return None  # a date alone
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _from_rfc822(text: str) -> datetime | None:
    if not _RFC822.search(text):
        return None
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    # The library reads neither +09:00 nor KST, and takes -0000 for no zone: in RFC 5322 it is UTC.
    stated = _RFC822_ZONE.search(text)
    return found.replace(tzinfo=_zone(stated[1])) if stated else found


def _zone(text: str) -> timezone:
    if text == "KST":
        return KST
    if not text[1:2].isdecimal():  # Z, UTC, GMT
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _from_words(text: str) -> datetime | None:
    match = _STAMP.search(text)
    if match is None:
        return None
    hour = int(match["hour"])
    half = match["half"] or match["half_after"]
    if half in ("오후", "PM", "pm") and hour < 12:
        hour += 12
    elif half in ("오전", "AM", "am") and hour == 12:
        hour = 0
    try:
        return datetime(
            int(match["year"]),
            int(match["month"]),
            int(match["day"]),
            hour,
            int(match["minute"]),
            int(match["second"] or 0),
            tzinfo=_zone(match["zone"]) if match["zone"] else None,  # the caller adds its own
        )
    except ValueError:
        return None
