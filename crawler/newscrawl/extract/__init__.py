"""Extraction: a page's HTML and address in, its article out; pure functions."""

from newscrawl.extract.article import article_text, extract
from newscrawl.extract.extracted import PATHS, Extracted

__all__ = ["PATHS", "Extracted", "article_text", "extract"]
