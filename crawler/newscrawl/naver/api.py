"""The news search API in both of its homes: what to ask, and what the answers and errors mean."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from newscrawl.addresses import web_address
from newscrawl.extract.fragments import clean
from newscrawl.extract.times import KST, stated_time
from yoyak.errors import HostError, MeasuredFailure, UsageError, YoyakError

DISPLAY_MAX = 100  # results a call
START_MAX = 1_000  # so at most 1,099 results of one query can be reached
SORTS = ("sim", "date")  # by relevance to the query, or newest first


@dataclass(frozen=True, slots=True)
class Home:
    """One of the addresses under which the API lives."""

    name: str
    url: str
    id_header: str
    key_header: str
    id_variable: str  # the environment variables of its keys
    key_variable: str
    keys_from: str  # where a user gets them


DEVELOPERS = Home(
    name="developers",
    url="https://openapi.naver.com/v1/search/news.json",
    id_header="X-Naver-Client-Id",
    key_header="X-Naver-Client-Secret",
    id_variable="NAVER_CLIENT_ID",
    key_variable="NAVER_CLIENT_SECRET",
    keys_from="developers.naver.com (no new keys since 2026-07-31; old ones end 2027-06-30)",
)
HUB = Home(
    name="hub",
    url="https://naverapihub.apigw.ntruss.com/search/v1/news",
    id_header="X-NCP-APIGW-API-KEY-ID",
    key_header="X-NCP-APIGW-API-KEY",
    id_variable="NAVER_API_HUB_KEY_ID",
    key_variable="NAVER_API_HUB_KEY",
    keys_from="the NAVER Cloud console, service NAVER API HUB",
)
HOMES = {home.name: home for home in (HUB, DEVELOPERS)}


@dataclass(frozen=True, slots=True)
class Keys:
    """The operator's keys for a home."""

    home: Home
    id: str
    key: str

    def headers(self) -> dict[str, str]:
        """Return the headers of a call."""
        return {self.home.id_header: self.id, self.home.key_header: self.key}


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result."""

    title: str
    description: str
    original_url: str | None  # the publisher's page
    naver_url: str | None  # Naver's own page, where Naver carries the article
    published_at: str | None  # ISO 8601 with zone


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of results."""

    total: int
    start: int
    hits: tuple[Hit, ...]


def search_url(
    base: str, query: str, *, start: int = 1, display: int = DISPLAY_MAX, sort: str = "date"
) -> str:
    """Return the address of a call; `base` is a home's address, or that of a stand-in.

    Raises:
        UsageError: a parameter that the API would refuse.
    """
    if not query.strip():
        raise UsageError("the keyword is empty; name what to search for")
    if not 1 <= display <= DISPLAY_MAX:
        raise UsageError(f"display {display} is not within 1 to {DISPLAY_MAX}")
    if not 1 <= start <= START_MAX:
        raise UsageError(
            f"start {start} is not within 1 to {START_MAX}; the API reaches no further"
        )
    if sort not in SORTS:
        raise UsageError(f'sort "{sort}" is none of {", ".join(SORTS)}')
    parameters = {"query": query, "display": display, "start": start, "sort": sort}
    if not base.endswith(".json"):
        parameters["format"] = "json"
    return f"{base}?{urlencode(parameters)}"


def starts(wanted: int | None) -> Iterator[int]:
    """Yield the `start` of each call that reaches `wanted` results, or all that can be reached.

    1, 101, ..., 901, and 1000 for the last hundred.
    """
    reach = START_MAX + DISPLAY_MAX - 1 if wanted is None else wanted
    for start in (*range(1, START_MAX, DISPLAY_MAX), START_MAX):
        if start > reach:
            return
        yield start


def parse_answer(body: bytes) -> Answer:
    """Return the results of an answer.

    Raises:
        HostError: it is no answer of the API.
    """
    try:
        fields = json.loads(body)
        hits = tuple(_hit(item) for item in fields["items"])
        return Answer(int(fields["total"]), int(fields["start"]), hits)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        said = body[:80].decode("utf-8", "replace")
        raise HostError(
            f"Naver's answer is not understood ({said!r}); its API may have changed: "
            "crawl the site itself with `yoyak crawl site`"
        ) from error


def plain(text: str) -> str:
    """Return a title or description without markup: `<b>주식</b>형` is one word.

    Entities are read twice where a value was escaped twice (`&amp;quot;`).
    """
    once = html.unescape(re.sub(r"</?b>", "", text))
    if re.search(r"&(?:quot|amp|lt|gt|apos|nbsp|#\d+|#x[0-9a-fA-F]+);", once):
        once = html.unescape(once)
    return clean(once)


def failure(status: int, body: bytes, home: Home) -> YoyakError:
    """Return the error that an answer other than 200 means, in words that say how to mend it."""
    code, said = _error_fields(body)
    told = f"HTTP {status}{f' {code}' if code else ''}{f', {said}' if said else ''}"
    where = f"Naver's {home.name} search API"
    if status in (401, 403):
        mend = f"check {home.id_variable} and {home.key_variable}, keys from {home.keys_from}"
        if code in ("024", "028") or "api" in said.lower():
            mend += "; the search API must be enabled for them"
        return HostError(f"{where} refused the keys ({told}); {mend}")
    if status == 429:
        return MeasuredFailure(
            f"{where} says that today's calls are used up ({told}); they begin anew at midnight in "
            "Korea: run the same command then, what was found is kept"
        )
    if status == 400:
        return UsageError(f"{where} does not take the question ({told}); change the keyword")
    if status == 404:
        return HostError(f"{where} is not at this address ({told}); see --api and --api-url")
    return HostError(f"{where} failed ({told}); run the same command again later")


def is_rate_limited(status: int, body: bytes) -> bool:
    """Return whether a 429 is about calls a second, which a pause mends, and not about the day."""
    code, said = _error_fields(body)
    is_of_a_second = re.search(r"rate.?limit|throttl|속도", said, re.IGNORECASE)
    return status == 429 and (code == "012" or is_of_a_second is not None)


def _error_fields(body: bytes) -> tuple[str, str]:
    """Return code and message: the old home's errorCode, or NAVER Cloud's {"error": {...}}."""
    try:
        fields = json.loads(body)
    except ValueError:
        return "", ""
    if isinstance(fields, dict) and isinstance(fields.get("error"), dict):
        fields = fields["error"]
    if not isinstance(fields, dict):
        return "", ""
    message = str(fields.get("errorMessage") or fields.get("message") or "")
    details = str(fields.get("details") or "")
    said = clean(f"{message} {details}")[:200]
    return str(fields.get("errorCode") or ""), said


def _hit(item: dict[str, str]) -> Hit:
    link = _page_address(item.get("link"))
    is_naver = link is not None and f".{urlsplit(link).hostname}".endswith(".naver.com")
    return Hit(
        title=plain(item.get("title") or ""),
        description=plain(item.get("description") or ""),
        original_url=_page_address(item.get("originallink")) or (None if is_naver else link),
        naver_url=link if is_naver else None,
        published_at=stated_time(item.get("pubDate"), zone=KST),
    )


def _page_address(text: str | None) -> str | None:
    """Return the address of a page, None for what is none, or is a site's front page.

    A publisher that states its front page with every article would make them all one.
    """
    url = web_address("", html.unescape(text or ""))
    parts = urlsplit(url or "")
    return url if parts.path.strip("/") or parts.query else None
