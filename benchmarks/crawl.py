"""What the crawler costs beside a bare Scrapy spider, and how its memory grows: `make bench-crawl`.

    python benchmarks/crawl.py                  # the table, about five minutes
    python benchmarks/crawl.py --pages 300      # a quick look

A server in a process of its own answers with synthetic pages of the size and layout of Naver's and
of a Korean publisher's. Each spider fetches the same pages; CPU is that of the process and its
children, the server's is not in it.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response
from twisted.internet.interfaces import IHostnameResolver
from zope.interface import implementer  # type: ignore[import-untyped]  # has no annotations

from newscrawl.guard import AddressPolicy, GuardedResolver

HERE = Path(__file__)
PAGES = HERE.parents[1] / "tests" / "data" / "newscrawl"
NAVER = "n.news.naver.com"
PUBLISHER = "www.haedam.example"
CONCURRENCY = 16
SENTENCES = 24  # of an article; about 1,400 characters
PAGE_BYTES = 150_000  # a Naver article page has 130 to 236 KB
SAMPLE_S = 0.25
MIB = 1024 * 1024


@implementer(IHostnameResolver)
class LoopbackResolver(GuardedResolver):
    """Resolves every name to the benchmark's server, and guards as always."""

    def __init__(
        self,
        reactor: Any,  # noqa: ANN401 - Twisted's
        cache_size: int,
        policy: AddressPolicy,  # noqa: ARG002 - it would refuse the benchmark's own server
    ) -> None:
        """Allow loopback."""
        super().__init__(reactor, cache_size, AddressPolicy(["127.0.0.0/8"]))

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: ANN401, N803 - Twisted's name
        hostName: str,  # noqa: ARG002, N803 - Twisted's name
        *args: Any,  # noqa: ANN401 - passed on
        **kwargs: Any,  # noqa: ANN401 - passed on
    ) -> Any:  # noqa: ANN401 - Twisted's
        """Resolve to 127.0.0.1."""
        return super().resolveHostName(resolutionReceiver, "127.0.0.1", *args, **kwargs)


class BareSpider(Spider):
    """Requests and counts; with `extract` it also extracts, in the way a plain spider would."""

    name = "bare"

    async def start(self) -> AsyncIterator[Request]:
        """Request every address of the file."""
        for url in self.settings.getlist("BENCH_URLS"):
            yield Request(url)

    def parse(self, response: Response) -> None:
        """Count, and extract if asked to."""
        self.crawler.stats.inc_value("bench/pages")
        if self.settings.getbool("BENCH_EXTRACT"):
            from newscrawl.extract import extract  # lazy: the bare spider does without

            extract(response.body.decode(), response.url)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a crawl cost."""

    pages: int
    cpu_s: float
    wall_s: float
    rss_peak_bytes: int  # of the crawl's own process
    tree_peak_bytes: int  # proportional set size, with the extraction processes
    rss_at: tuple[tuple[int, int], ...]  # pages so far, bytes

    @property
    def pages_per_cpu_s(self) -> float:
        """Pages over CPU seconds."""
        return self.pages / self.cpu_s


def article(number: int) -> list[str]:
    """Return the paragraphs of a synthetic article; those of two numbers share no sentence."""
    dice = random.Random(number)  # a plan, not a secret
    syllables = (
        "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허고노도로모보소오조초코토포호"
    )
    words = ["".join(dice.choices(syllables, k=dice.randint(2, 4))) for _ in range(120)]
    sentences = [
        f"{' '.join(dice.choices(words, k=9))} {dice.randint(1, 999)}억원을 밝혔다."
        for _ in range(SENTENCES)
    ]
    return [" ".join(sentences[i : i + 3]) for i in range(0, SENTENCES, 3)]


def naver_template() -> tuple[bytes, bytes]:
    """Return what stands before and behind the body of a page in Naver's layout, at full size."""
    page = (PAGES / "naver_2026.html").read_text(encoding="utf-8")
    before, rest = page.split("<!-- r_start //-->")
    after = rest.split("<!-- r_end //-->")[1]
    spare = PAGE_BYTES - len(page.encode())
    script = f"<script>var preload = '{'x' * (spare // 2)}';</script>"
    list_item = "<li><a href='#'>오늘의 주요 뉴스 제목이 여기 놓인다</a><em>12분 전</em></li>"
    comments = f"<ul>{list_item * (spare // 2 // len(list_item.encode()))}</ul>"
    return (
        before.replace("</head>", f"{script}</head>").encode(),
        after.replace("<footer>", f"{comments}<footer>").encode(),
    )


def publisher_template() -> tuple[bytes, bytes]:
    """Return what stands before and behind the body of a publisher's page, 60 KB."""
    links = "<li><a href='/news/1'>많이 본 기사 제목이 여기 놓인다</a></li>" * 300
    before = (
        "<!doctype html><html lang='ko'><head><meta charset='utf-8'><title>기사</title>"
        "<meta property='og:title' content='기사'><meta property='article:published_time' "
        "content='2026-11-12T10:30:00+09:00'></head><body><header><nav><ul>"
        f"{links}</ul></nav></header><h1>기사</h1><div class='story'>"
    )
    after = f"</div><aside><ul>{links}</ul></aside><footer>저작권</footer></body></html>"
    return before.encode(), after.encode()


class PageServer(asyncio.Protocol):
    """Answers every GET with the article whose number stands last in the path."""

    templates: dict[bytes, tuple[bytes, bytes]]

    def __init__(self) -> None:
        """Begin with nothing received."""
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        """Answer each complete request."""
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            self._transport.write(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        path = head.split(b" ", 2)[1]
        last = path.rsplit(b"/", 1)[-1]
        if not last.isdigit():
            body = b"User-agent: *\nAllow: /\n"
            kind = b"text/plain"
        elif path.startswith(b"/mnews/"):
            before, after = self.templates[b"naver"]
            body = before + "<br><br>".join(article(int(last))).encode() + after
            kind = b"text/html; charset=utf-8"
        else:
            before, after = self.templates[b"publisher"]
            paragraphs = "".join(f"<p>{p}</p>" for p in article(int(last)))
            body = before + paragraphs.encode() + after
            kind = b"text/html; charset=utf-8"
        length = str(len(body)).encode()
        return (
            b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %b\r\n\r\n"
            % (
                kind,
                length,
            )
            + body
        )


def serve(ports: "multiprocessing.Queue[int]") -> None:
    """Serve until the process is ended."""

    async def main() -> None:
        PageServer.templates = {b"naver": naver_template(), b"publisher": publisher_template()}
        server = await asyncio.get_running_loop().create_server(PageServer, "127.0.0.1", 0)
        ports.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


@contextmanager
def server() -> Iterator[int]:
    """Run the page server in a process of its own; yield its port."""
    ports: multiprocessing.Queue[int] = multiprocessing.Queue()
    process = multiprocessing.Process(target=serve, args=(ports,), daemon=True)
    process.start()
    try:
        yield ports.get(timeout=20)
    finally:
        process.terminate()
        process.join()


def measured(command: list[str], pages: int, journal: Path | None) -> Cost:
    """Run a command and return what it cost; `journal` tells how far it is."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began_s = time.monotonic()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=HERE.parent
    )
    samples: list[tuple[int, int, int]] = []
    watcher = threading.Thread(target=_watch, args=(process, journal, samples))
    watcher.start()
    _, errors = process.communicate()
    watcher.join()
    if process.returncode:
        sys.exit(f"error: {' '.join(command[:4])} ended with {process.returncode}: {errors[-500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(
        pages=pages,
        cpu_s=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        wall_s=time.monotonic() - began_s,
        rss_peak_bytes=max(rss for _, rss, _ in samples),
        tree_peak_bytes=max(tree for _, _, tree in samples),
        rss_at=tuple((done, rss) for done, rss, _ in samples),
    )


def _watch(
    process: "subprocess.Popen[str]", journal: Path | None, samples: list[tuple[int, int, int]]
) -> None:
    parent = psutil.Process(process.pid)
    done = offset = 0
    while process.poll() is None:
        if journal is not None and journal.exists():
            with journal.open("rb") as file:
                file.seek(offset)
                new = file.read()
            done += new.count(b"\n")
            offset += len(new)
        try:
            rss = parent.memory_info().rss
            tree = sum(p.memory_full_info().pss for p in (parent, *parent.children()))
        except psutil.Error:  # it ends just now
            continue
        samples.append((done, rss, tree))
        time.sleep(SAMPLE_S)


def bare(urls: Path, *, with_extraction: bool) -> None:
    """Run the bare spider in this process."""
    settings: dict[str, Any] = {
        "BENCH_URLS": urls.read_text().split(),
        "BENCH_EXTRACT": with_extraction,
        "CONCURRENT_REQUESTS": CONCURRENCY,
        "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENCY,
        "TWISTED_DNS_RESOLVER": LoopbackResolver,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "LOG_LEVEL": "ERROR",
    }
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(BareSpider)
    process.crawl(crawler)
    process.start()
    expected = len(urls.read_text().split())
    if crawler.stats.get_value("bench/pages") != expected:
        sys.exit("error: the bare spider did not get every page")


def ours(urls: Path, out: Path) -> list[str]:
    """Return the command of our crawl with every pipeline on."""
    return [
        *(sys.executable, "-m", "newscrawl", "site", "--urls", str(urls), "--out", str(out)),
        *("--delay", "0", "--concurrency", str(CONCURRENCY), "--progress", "none"),
        *("--query", "억원", "--min-relevance", "0", "--allow-host", "127.0.0.0/8"),
        *("--set", "TWISTED_DNS_RESOLVER=crawl.LoopbackResolver", "--log-level", "WARNING"),
    ]


def addresses(file: Path, host: str, port: int, pages: int) -> Path:
    """Write the addresses of that many pages of a host."""
    path = "mnews/article/901" if host == NAVER else "news"
    lines = (f"http://{host}:{port}/{path}/{number:010}" for number in range(1, pages + 1))
    file.write_text("\n".join(lines))
    return file


def compare(folder: Path, host: str, port: int, pages: int) -> tuple[Cost, Cost]:
    """Return the cost of the bare spider and of ours on the same pages."""
    folder.mkdir(exist_ok=True)
    urls = addresses(folder / f"{host}.txt", host, port, pages)
    mode = "bare" if host == NAVER else "bare-extract"
    plain = measured([sys.executable, str(HERE), "--spider", mode, str(urls)], pages, None)
    out = folder / host
    journal = out / ".crawl" / "journal.jsonl"
    full = measured(ours(urls, out), pages, journal)
    found = json.loads((out / "manifest.json").read_text())["articles"]
    if found != pages:
        sys.exit(f"error: {found} articles of {pages} pages of {host}")
    return plain, full


def keep_bytecode(folder: Path) -> None:
    """Let the crawls' Python keep its bytecode, as that of an installed program is kept.

    Where an environment forbids it, each start compiles 600 modules: as much as 300 pages cost.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")


def rss_near(cost: Cost, pages: int) -> float:
    """Return the resident MiB when so many pages were done."""
    done = [(abs(n - pages), rss) for n, rss in cost.rss_at]
    return min(done)[1] / MIB


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pages", type=int, default=2_000)
    parser.add_argument("--long", type=int, default=20_000, help="pages of the memory run; 0: none")
    parser.add_argument("--spider", nargs=2, metavar=("MODE", "URLS"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.spider:
        bare(Path(asked.spider[1]), with_extraction=asked.spider[0] == "bare-extract")
        return
    rows: list[tuple[str, str, str]] = []
    with tempfile.TemporaryDirectory(prefix="bench-crawl-") as name, server() as port:
        folder = Path(name)
        keep_bytecode(folder)
        for host in (NAVER, PUBLISHER):
            compare(folder / "warm", host, port, 20)
        plain, full = compare(folder, NAVER, port, asked.pages)
        share = full.pages_per_cpu_s / plain.pages_per_cpu_s
        rows.append(("bare Scrapy, pages per CPU second", f"{plain.pages_per_cpu_s:.0f}", "-"))
        rows.append(("site rule, every pipeline on", f"{full.pages_per_cpu_s:.0f}", "-"))
        rows.append(("share of bare Scrapy, site rule", f"{share:.0%}", "at least 60 %"))
        rows.append(("peak RSS, site rule", f"{full.rss_peak_bytes / MIB:.0f} MiB", "at most 150"))
        few = max(200, asked.pages // 2)
        plain, full = compare(folder, PUBLISHER, port, few)
        share = full.pages_per_cpu_s / plain.pages_per_cpu_s
        rows.append(("bare Scrapy with our extraction", f"{plain.pages_per_cpu_s:.1f}", "-"))
        rows.append(("library path, every pipeline on", f"{full.pages_per_cpu_s:.1f}", "-"))
        rows.append(("share of bare with extraction", f"{share:.0%}", "at least 90 %"))
        tree = f"{full.tree_peak_bytes / MIB:.0f} MiB"
        rows.append(("peak PSS with the extraction process", tree, "-"))
        if asked.long:
            urls = addresses(folder / "long.txt", NAVER, port, asked.long)
            out = folder / "long"
            long = measured(ours(urls, out), asked.long, out / ".crawl" / "journal.jsonl")
            rows.append(
                (
                    f"RSS after 2,000 of {asked.long:,} pages",
                    f"{rss_near(long, 2_000):.0f} MiB",
                    "-",
                )
            )
            rows.append(
                (f"RSS after {asked.long:,} pages", f"{rss_near(long, asked.long):.0f} MiB", "flat")
            )
            rows.append(("its peak RSS", f"{long.rss_peak_bytes / MIB:.0f} MiB", "at most 150"))
    print("| what | measured | goal |\n| --- | --- | --- |")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(
        f"\n{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, "
        f"Scrapy {version('scrapy')}, {datetime.now(UTC):%Y-%m-%d}"
    )


if __name__ == "__main__":
    main()
