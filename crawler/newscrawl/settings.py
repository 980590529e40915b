"""Scrapy settings: polite, bounded, and identifying itself."""

from importlib.metadata import version

BOT_NAME = "newscrawl"
SPIDER_MODULES = ["newscrawl.spiders"]
NEWSPIDER_MODULE = "newscrawl.spiders"
ADDONS = {"newscrawl.addon.NewscrawlAddon": 100}


def user_agent(contact: str | None = None) -> str:
    """Return how the crawler names itself, with an address for site owners if there is one."""
    about = contact or "news dataset builder, obeys robots.txt as newscrawl"
    return f"newscrawl/{version('yoyak')} (+{about})"


USER_AGENT = user_agent()
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "newscrawl"
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "ko,en;q=0.8",
}

# The spider knows what it has asked for, by article and not by address; a second book of that would
# cost 90 bytes and a hash a page.
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"
CONCURRENT_ITEMS = 1  # a page is one article; Scrapy makes this many tasks for each page
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 1.0
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 1.0
AUTOTHROTTLE_MAX_DELAY = 60.0
AUTOTHROTTLE_TARGET_CONCURRENCY = 1.0

DOWNLOAD_TIMEOUT = 30
DOWNLOAD_MAXSIZE = 10 * 1024 * 1024  # applies to the unpacked bytes as well
DOWNLOAD_WARNSIZE = 0
REDIRECT_MAX_TIMES = 5
RETRY_TIMES = 2
RETRY_GIVE_UP_LOG_LEVEL = "INFO"
DOWNLOAD_VERIFY_CERTIFICATES = True

# A proxy would resolve names itself, behind the back of the address guard.
HTTPPROXY_ENABLED = False
ASYNCIO_EVENT_LOOP = "uvloop.Loop"
TWISTED_DNS_RESOLVER = "newscrawl.guard.GuardedResolver"
# Files and FTP are no news sites; a redirect to them would leave the guarded road.
DOWNLOAD_HANDLERS = {"file": None, "ftp": None, "s3": None, "data": None}

COOKIES_ENABLED = False
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
METAREFRESH_ENABLED = False
MEMUSAGE_ENABLED = False
STATS_DUMP = False
LOGSTATS_INTERVAL = 0
LOG_FORMATTER = "newscrawl.log_format.ShortLogFormatter"
DEFAULT_DROPITEM_LOG_LEVEL = "INFO"
FEED_EXPORT_ENCODING = "utf-8"
WARN_ON_GENERATOR_RETURN_VALUE = False
