"""The command line of the crawler."""

import errno
import re
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from newscrawl.naver.api import HOMES, SORTS
from newscrawl.options import CrawlOptions
from yoyak.errors import HostError, UsageError, YoyakError

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
EXPORTS = (".csv", ".jsonl", ".json", ".xml")
DEFAULTS = CrawlOptions(out=Path("dataset"))
EXAMPLE = (
    "Example: yoyak crawl site 'https://news.example/search?query=온새미증권' "
    "--query 온새미증권 --max-articles 20 --out dataset"
)
NAVER_EXAMPLE = (
    "Example: yoyak crawl naver 온새미증권 --alias 온새미투자증권 --max-articles 20 --out dataset"
)

Command = Callable[..., None]


def option(name: str, field: str, kind: object, text: str, **more: Any) -> Callable[..., Any]:  # noqa: ANN401 - passed on to click
    """Return a click option that fills a field of CrawlOptions, with the field's own default."""
    default = getattr(DEFAULTS, field)
    shown = default not in (None, (), "")
    return click.option(
        name, field, type=kind, default=default, show_default=shown, help=text, **more
    )


COMMON = (
    option(
        "--out",
        "out",
        click.Path(path_type=Path),
        "Folder of the dataset; a crawl that is there already goes on.",
    ),
    option(
        "--alias",
        "aliases",
        str,
        "Another name of KEYWORD, such as a firm's former one.",
        multiple=True,
        metavar="NAME",
    ),
    option(
        "--min-relevance",
        "min_relevance",
        click.FloatRange(0, 1),
        "Least score of an article: 0.5 title, 0.2 opening, 0.1 each of three mentions.",
    ),
    option("--max-articles", "max_articles", click.IntRange(1), "Take the first N found."),
    option("--max-pages", "max_pages", click.IntRange(1), "Pages of each list."),
    option(
        "--allow-host",
        "allow_hosts",
        str,
        "Private host, address or network that may be connected to, such as 127.0.0.1.",
        multiple=True,
        metavar="HOST",
    ),
    option(
        "--allow-domain",
        "allow_domains",
        str,
        "Further site to follow links to; * is any.",
        multiple=True,
        metavar="DOMAIN",
        callback=lambda _context, _parameter, values: tuple(map(host_name, values)),
    ),
    option(
        "--permitted-host",
        "permitted_hosts",
        str,
        "Host whose owner allows you to crawl it, whatever its robots.txt says.",
        multiple=True,
        metavar="HOST",
        callback=lambda _context, _parameter, values: tuple(map(host_name, values)),
    ),
    option("--delay", "delay_s", click.FloatRange(0), "Least seconds between requests to a host."),
    option(
        "--http-cache",
        "http_cache",
        click.Choice(["off", "revalidate", "replay", "offline"]),
        "Keep responses: ask the site whether they still hold; take them as they are; ask no site.",
    ),
    option(
        "--http-cache-dir",
        "http_cache_dir",
        click.Path(path_type=Path),
        "Where responses are kept; OUT/.crawl/responses if not given.",
    ),
    option("--concurrency", "concurrency", click.IntRange(1, 16), "Requests at once to a host."),
    option(
        "--contact",
        "contact",
        str,
        "Address for site owners, named in the user agent.",
        metavar="URL_OR_MAIL",
    ),
    option("--timeout", "timeout_s", click.FloatRange(0.1), "Seconds that a response may take."),
    option(
        "--max-page-bytes", "max_page_bytes", click.IntRange(1024), "Largest response, unpacked."
    ),
    option("--min-chars", "min_chars", click.IntRange(1), "Shortest text of an article."),
    option("--workers", "workers", click.IntRange(1, 64), "Processes that extract."),
    option(
        "--export",
        "export",
        click.Path(path_type=Path),
        "Write this crawl's new articles there too: .csv, .jsonl, .json or .xml.",
    ),
    option(
        "--progress",
        "progress",
        click.Choice(["auto", "bar", "lines", "json", "none"]),
        "How to tell progress on standard error.",
    ),
    option(
        "--feed",
        "feed",
        str,
        "Summarizer that gets each article as it arrives, such as http://127.0.0.1:8080.",
        metavar="URL",
    ),
    option("--feed-concurrency", "feed_concurrency", click.IntRange(1, 64), "Deliveries at once."),
    option("--feed-timeout", "feed_timeout_s", click.FloatRange(1), "Seconds of one summary."),
    option(
        "--feed-patience",
        "feed_patience_s",
        click.FloatRange(0),
        "Seconds that a summarizer may stay busy or away.",
    ),
    option(
        "--metrics",
        "metrics",
        str,
        "Serve Prometheus series there while the crawl runs, such as 127.0.0.1:9410.",
        metavar="HOST:PORT",
    ),
    option(
        "--metrics-textfile",
        "metrics_textfile",
        click.Path(path_type=Path),
        "Where they are left for node-exporter; OUT/.crawl/newscrawl.prom if not given.",
    ),
    option(
        "--log-level",
        "log_level",
        click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"]),
        "What OUT/.crawl/crawl.log holds.",
    ),
    click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        callback=lambda _context, _parameter, values: tuple(map(setting, values)),
        help="Any setting of Scrapy, such as DOWNLOAD_DELAY=2.",
    ),
    click.option(
        "--format",
        "style",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Form of the closing table on standard output.",
    ),
)


def socket_address(text: str) -> str:
    """Return HOST:PORT.

    Raises:
        UsageError: it is of another form.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f'"{text}" is no address to serve on; write it as 127.0.0.1:9410')
    return text


def host_name(text: str) -> str:
    """Return a host's name without anything around it.

    Raises:
        UsageError: it is an address, or something else that no host's name would match.
    """
    if text != "*" and not re.fullmatch(r"[\w.-]+", text):
        raise UsageError(f'"{text}" is no host; write it as n.news.naver.com')
    return text.lower()


def setting(text: str) -> tuple[str, str]:
    """Return name and value of NAME=VALUE.

    Raises:
        UsageError: it is of another form.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise UsageError(f'"{text}" is no setting; write it as NAME=VALUE')
    if name == "JOBDIR":
        raise UsageError(
            "JOBDIR is not needed: the same command goes on by itself (see OUT/.crawl)"
        )
    return name, value


def with_common_options(command: Command) -> Command:
    """Add the options that both verbs take."""
    for add in reversed(COMMON):
        command = add(command)
    return command


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXAMPLE,
)
def program() -> None:
    """Crawl news pages into a dataset.

    Exit codes: 0 fine, 1 no article found or the site's layout is not understood, 2 usage,
    3 environment (host unreachable, disk full), 130 interrupted. What was finished is kept, and
    the same command goes on.
    """


@program.command(epilog=EXAMPLE)
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option(
    "--urls",
    "list_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Addresses of articles, one a line; - is standard input.",
)
@option("--query", "query", str, "What the articles are about.", metavar="KEYWORD")
@with_common_options
def site(urls: tuple[str, ...], list_file: Path | None, style: str, **values: Any) -> None:  # noqa: ANN401 - fields of CrawlOptions
    """Crawl any news site.

    URL is a list page (search result, section, front page), a sitemap, an RSS or Atom feed, or an
    article.
    """
    listed = read_addresses(list_file) if list_file else ()
    if not urls and not listed:
        raise UsageError("no address to crawl; name a list page, sitemap, feed or --urls FILE")
    sources = tuple(http_address(url) for url in urls)
    _run(CrawlOptions(sources=sources, listed=listed, **values), style)


@program.command(epilog=NAVER_EXAMPLE)
@click.argument("searches", nargs=-1, required=True, metavar="KEYWORD...")
@option("--sort", "sort", click.Choice(SORTS), "Newest first, or most similar first.")
@option("--api", "api", click.Choice(sorted(HOMES)), "Home of the API; else what keys are set for.")
@option("--api-url", "api_url", str, "Another address of the API.", metavar="URL")
@option("--daily-calls", "daily_calls", click.IntRange(1), "Calls of the API in a day.")
@option("--budget-file", "budget_file", click.Path(path_type=Path), "Where calls are counted.")
@with_common_options
def naver(searches: tuple[str, ...], style: str, **values: Any) -> None:  # noqa: ANN401 - fields of CrawlOptions
    """Crawl news about a keyword, found by Naver's official search API.

    Keys come from the environment: NAVER_API_HUB_KEY_ID and NAVER_API_HUB_KEY (NAVER Cloud), or
    NAVER_CLIENT_ID and NAVER_CLIENT_SECRET (developers.naver.com, until 2027-06-30). Naver's
    robots.txt shuts its own pages to everyone, so each article is read at its publisher, where
    that publisher's robots.txt allows it. With --permitted-host n.news.naver.com you say that you
    have Naver's permission, and its pages are read instead.
    """
    if values["api_url"]:
        http_address(values["api_url"])
    # As typed on some systems, Korean comes in pieces of syllables, which no search finds.
    names = tuple(unicodedata.normalize("NFC", search) for search in searches)
    _run(CrawlOptions(searches=names, **values), style)


def http_address(text: str) -> str:
    """Return an address that can be crawled.

    Raises:
        UsageError: it is none.
    """
    try:
        parts = urlsplit(text)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine:
        raise UsageError(f'"{text}" is no web address; write it as https://news.example/economy')
    return text


def read_addresses(file: Path) -> tuple[str, ...]:
    """Return the addresses of a file, one a line; empty lines and `#` comments are passed over.

    Raises:
        UsageError: the file cannot be read, or a line is no address.
    """
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read ({error}); name a file of addresses") from error
    lines = (line.strip() for line in text.splitlines())
    found = tuple(http_address(line) for line in lines if line and not line.startswith("#"))
    if not found:
        raise UsageError(f"{file} holds no address; write one a line")
    return found


def _run(options: CrawlOptions, style: str) -> None:
    if options.feed:
        http_address(options.feed)
    if options.export and options.export.suffix not in EXPORTS:
        raise UsageError(f'"{options.export}" names no known form; end it in {", ".join(EXPORTS)}')
    if options.metrics:
        socket_address(options.metrics)
    from newscrawl.run import closing_text, crawl  # lazy: Scrapy takes a second to import

    closing, error = crawl(options)
    click.echo(closing_text(closing, style))
    if error is not None:
        raise error


def main() -> None:
    """Run the command; a known error is one line and its exit code."""
    try:
        program(prog_name="yoyak crawl", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        click.echo(f"error: {error.format_message()}", err=True)
        sys.exit(2)
    except YoyakError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        where = error.filename or "the dataset"
        click.echo(
            f"error: {where} cannot be written ({error.strerror}); free some space, or name "
            "another folder: --out DIR",
            err=True,
        )
        sys.exit(HostError.exit_code)
