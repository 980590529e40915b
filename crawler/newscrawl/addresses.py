"""The address of an article as its identity: one key for every form of the same address."""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs, parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

TRACKING = re.compile(
    r"^(?:utm_\w+|fbclid|gclid|dclid|msclkid|igshid|mc_[ce]id|_ga|cmpid|ncid)$", re.IGNORECASE
)
DEFAULT_PORTS = {"http": 80, "https": 443}

_NAVER_PATH = re.compile(r"^/(?:[A-Za-z]+/){0,2}(?:article|read)(?:/comment)?/(\d{3})/(\d{10})/?$")
_NAVER_HOSTS = re.compile(r"^(?:[a-z]+\.)*(?:news|sports|entertain)\.naver\.com$")
_NAVER_OTHER = re.compile(r"^(?:[a-z]+\.)*(?:sports|entertain)(?:\.news)?\.naver\.com$")


def web_address(base: str, reference: str | None) -> str | None:
    """Return where a reference on a page leads, without fragment, or None if to no web page."""
    if not reference:
        return None
    try:
        url = urljoin(base, reference.strip())
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return None
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    return url.split("#", 1)[0]


@dataclass(frozen=True, slots=True)
class NaverArticle:
    """Press and number of an article that Naver carries."""

    oid: str  # 3 digits
    aid: str  # 10 digits


def is_naver_host(url: str) -> bool:
    """Return whether the address is on one of the hosts of Naver News."""
    return bool(_NAVER_HOSTS.match((urlsplit(url).hostname or "").lower()))


def naver_article(url: str) -> NaverArticle | None:
    """Return press and number from any address form of a Naver article, else None."""
    if not is_naver_host(url):
        return None
    parts = urlsplit(url)
    if match := _NAVER_PATH.match(parts.path):
        return NaverArticle(match[1], match[2])
    query = parse_qs(parts.query)
    oid, aid = query.get("oid", [""])[0], query.get("aid", [""])[0]
    if re.fullmatch(r"\d{3}", oid) and re.fullmatch(r"\d{10}", aid):
        return NaverArticle(oid, aid)
    return None


def is_naver_sports(url: str) -> bool:
    """Return whether the address is on one of Naver's sports and entertainment hosts."""
    return bool(_NAVER_OTHER.match((urlsplit(url).hostname or "").lower()))


@lru_cache(maxsize=1024)  # an address is asked for at each step of its way
def article_key(url: str) -> str:
    """Return the identity of an article's address.

    (press, number) for Naver's forms; else the address without fragment, tracking parameters,
    default port and the difference between http and https, its parameters sorted.
    """
    if naver := naver_article(url):
        return f"naver:{naver.oid}:{naver.aid}"
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    port = parts.port
    netloc = host if port is None or port == DEFAULT_PORTS.get(parts.scheme) else f"{host}:{port}"
    query = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not TRACKING.match(name)
    )
    return urlunsplit(("", netloc, parts.path or "/", urlencode(query), ""))


def article_id(key: str) -> str:
    """Return the dataset id of an article: readable for Naver, else 16 hex digits of the key.

    The port is left out, so that a site on another port gives the same dataset.
    """
    if key.startswith("naver:"):
        return key.replace(":", "-")
    without_port = re.sub(r"^(//[^/]*?):\d+/", r"\1/", key)
    return hashlib.sha256(without_port.encode()).hexdigest()[:16]
