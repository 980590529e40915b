"""Discovery: which addresses a page, a sitemap or a feed leads to; pure functions."""
