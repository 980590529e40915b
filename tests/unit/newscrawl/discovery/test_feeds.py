import gzip

import pytest

from newscrawl.discovery.feeds import parse_feed

SITEMAP = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    b'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
    b"<url><loc> https://news.example/a/1 </loc>"
    b"<news:news><news:title>One</news:title></news:news></url>"
    b"<url><loc>https://news.example/a/2</loc></url></urlset>"
)


def urls(body: bytes) -> list[str]:
    feed = parse_feed(body)
    assert feed is not None
    return [entry.url for entry in feed.entries]


def test_a_sitemap() -> None:
    feed = parse_feed(SITEMAP)
    assert feed is not None
    assert (feed.kind, feed.entries[0].title) == ("sitemap", "One")
    assert urls(SITEMAP) == ["https://news.example/a/1", "https://news.example/a/2"]


def test_a_packed_sitemap() -> None:
    assert urls(gzip.compress(SITEMAP)) == urls(SITEMAP)


def test_an_index_leads_to_further_sitemaps() -> None:
    feed = parse_feed(
        b"<sitemapindex><sitemap><loc>https://news.example/s1.xml</loc></sitemap></sitemapindex>"
    )
    assert feed is not None
    assert (feed.entries, feed.feeds) == ((), ("https://news.example/s1.xml",))


def test_rss_by_link_or_by_guid() -> None:
    body = (
        b"<rss version='2.0'><channel><link>https://news.example/</link>"
        b"<item><title>One</title><link>https://news.example/a/1</link></item>"
        b"<item><guid>https://news.example/a/2</guid></item>"
        b"<item><guid isPermaLink='false'>77</guid></item></channel></rss>"
    )
    assert urls(body) == ["https://news.example/a/1", "https://news.example/a/2"]


def test_atom_by_its_alternate_link() -> None:
    body = (
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry>"
        b"<link rel='self' href='https://news.example/a/1.atom'/>"
        b"<link rel='alternate' href='https://news.example/a/1'/></entry></feed>"
    )
    assert urls(body) == ["https://news.example/a/1"]


def test_what_breaks_off_is_read_as_far_as_it_goes() -> None:
    assert urls(SITEMAP[:-30])[0] == "https://news.example/a/1"


def test_entities_are_not_expanded() -> None:
    bomb = (
        b'<!DOCTYPE x [<!ENTITY a "https://news.example/"><!ENTITY b "&a;&a;&a;&a;">]>'
        b"<urlset><url><loc>&b;</loc></url><url><loc>https://news.example/a/1</loc></url></urlset>"
    )
    assert urls(bomb) == ["https://news.example/a/1"]


@pytest.mark.parametrize(
    "body", [b"", b"<html><body></body></html>", b"{}", b"<opml></opml>", b"\x1f\x8bnot gzip"]
)
def test_what_is_no_feed(body: bytes) -> None:
    assert parse_feed(body) is None
