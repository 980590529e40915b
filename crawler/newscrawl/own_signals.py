"""Signals of our own, sent through Scrapy's dispatcher beside its own ones."""

page_extracted = object()  # seconds: float
page_skipped = object()  # reason: str, a key of outcomes.SKIPPED
article_fed = object()  # seconds: float, outcome: str
