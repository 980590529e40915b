"""newscrawl: the Scrapy project that turns news pages into a dataset."""
