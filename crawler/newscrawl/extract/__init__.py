"""Extraction: a page's HTML and address in, its article out; pure functions.

The libraries behind it are imported at the first call: 25 MB and half a second, which the process
that crawls, whose workers extract, does without.
"""

from newscrawl.extract.extracted import PATHS, Extracted

__all__ = ["PATHS", "Extracted", "article_text", "extract"]


def article_text(html: str, url: str) -> str:
    """Return the article's text of a page, "" if it holds none."""
    return extract(html, url).text


def extract(html: str, url: str) -> Extracted:
    """Return the article of a page; `newscrawl.extract.article` has the ways and their order."""
    from newscrawl.extract.article import extract_article  # lazy: see above

    return extract_article(html, url)
