"""Signals of our own, sent through Scrapy's dispatcher beside its own ones."""

page_extracted = object()  # seconds: float
page_skipped = object()  # reason: str, a key of outcomes.SKIPPED
page_done = object()  # trail: PageTrail, of a page that was read, or could not be
article_fed = object()  # seconds: float, outcome: str
article_settled = object()  # letter: Letter, outcome: Outcome, of each delivery
