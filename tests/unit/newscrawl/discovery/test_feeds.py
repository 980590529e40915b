import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.discovery.feeds import parse_feed

SITEMAP = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    b'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
    b"<url><loc> https://news.example/a/1 </loc>"
    b"<news:news><news:publication_date>2026-11-12T09:00:00+09:00</news:publication_date>"
    b"</news:news></url>"
    b"<url><loc>https://news.example/a/2</loc></url></urlset>"
)


def urls(body: bytes) -> list[str]:
    feed = parse_feed(body)
    assert feed is not None
    return [entry.url for entry in feed.entries]


def test_a_sitemap() -> None:
    feed = parse_feed(SITEMAP)
    assert feed is not None
    assert feed.kind == "sitemap"
    times = [entry.published_at for entry in feed.entries]
    assert times == ["2026-11-12T09:00:00+09:00", None]
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


def test_the_time_beside_an_address() -> None:
    rss = parse_feed(
        b"<rss xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>"
        b"<item><link>/1</link><pubDate>Mon, 26 Sep 2016 07:50:00 +0900</pubDate></item>"
        b"<item><link>/2</link><dc:date>2026-11-12T08:41:00Z</dc:date></item>"
        b"<item><link>/3</link><pubDate>2026-11-12 08:41</pubDate></item></channel></rss>"
    )
    atom = parse_feed(
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><link href='/4'/>"
        b"<updated>2026-11-13T00:00:00Z</updated><published>2026-11-12T08:41:00Z</published>"
        b"</entry></feed>"
    )
    assert rss is not None
    assert atom is not None
    assert [entry.published_at for entry in (*rss.entries, *atom.entries)] == [
        "2016-09-26T07:50:00+09:00",
        "2026-11-12T08:41:00+00:00",
        None,  # where, it does not say
        "2026-11-12T08:41:00+00:00",
    ]


def test_the_address_of_a_page_is_not_that_of_a_picture_on_it() -> None:
    body = (
        b"<urlset xmlns:image='http://www.google.com/schemas/sitemap-image/1.1'><url>"
        b"<image:image><image:loc>https://news.example/1.jpg</image:loc></image:image>"
        b"<loc>https://news.example/a/1</loc></url></urlset>"
    )
    assert urls(body) == ["https://news.example/a/1"]


@given(st.binary(max_size=200), st.sampled_from([SITEMAP, b"<rss><item><link>/1</link>"]))
def test_no_bytes_raise(noise: bytes, feed: bytes) -> None:
    for body in (noise, feed[: len(noise)] + noise, feed + noise, gzip.compress(feed)[:-5] + noise):
        found = parse_feed(body)
        assert found is None or isinstance(found.entries, tuple)


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
