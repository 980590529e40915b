"""The crawl as spans: each page in a trace of its own, with a link to the crawl."""

import logging
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING

from scrapy import signals

from newscrawl.own_signals import article_settled, page_done
from newscrawl.page_trail import META, PageTrail
from otlp_spans.sender import SpanSender
from otlp_spans.settings import OtlpSettings
from otlp_spans.span import Span, TraceContext, new_span_id, new_trace_id

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from newscrawl.letters import Letter, Outcome

TRACES_SETTING = "NEWSCRAWL_TRACES"  # an OtlpSettings, or None
CLOSE_S = 3.0  # what a store that does not answer may add to the end of a crawl

SERVICE = "newscrawl"
SERVICE_NAMESPACE = "yoyak"
SCHEMA_URL = "https://opentelemetry.io/schemas/1.43.0"
CRAWL_SPAN = "crawl"
GET_SPAN = "GET"
EXTRACT_SPAN = "extract"
FEED_SPAN = "POST /v1/summaries"
KEPT = "kept"

_log = logging.getLogger(__name__)


class CrawlTraces:
    """Makes spans of what has ended; `send` takes them."""

    def __init__(self, settings: OtlpSettings, send: Callable[[list[Span]], None]) -> None:
        """Draw the ids of the crawl's own span."""
        self._settings = settings
        self._send = send
        self._crawl = TraceContext(new_trace_id(), new_span_id())
        self._began_ns = time.monotonic_ns()

    def page(self, trail: PageTrail, outcome: str) -> None:
        """Send `GET`, and `extract` below it if the page was read."""
        is_sampled = self._settings.is_root_sampled(trail.trace_id)
        if not is_sampled:
            return
        now_ns = time.monotonic_ns()
        offset_ns = time.time_ns() - now_ns
        received_ns = trail.received_ns or trail.extract_began_ns or now_ns
        failure = None if trail.extract_began_ns is not None else outcome
        spans = [
            Span(
                context=TraceContext(trail.trace_id, trail.get_span_id),
                parent_span_id=None,
                name=GET_SPAN,
                kind="client",
                start_ns=(trail.sent_ns or received_ns) + offset_ns,
                end_ns=received_ns + offset_ns,
                attributes={
                    "http.request.method": "GET",
                    "http.response.status_code": trail.status,
                    "http.request.resend_count": trail.resends or None,
                    "url.full": trail.url,
                    "error.type": failure,
                    "newscrawl.outcome": outcome,
                    "newscrawl.cached": trail.is_cached,
                },
                links=(self._crawl,),
                is_error=failure is not None,
            )
        ]
        if trail.extract_began_ns is not None:
            is_read = trail.extracted_ns is not None
            spans.append(
                Span(
                    context=TraceContext(trail.trace_id, trail.extract_span_id),
                    parent_span_id=trail.get_span_id,
                    name=EXTRACT_SPAN,
                    kind="internal",
                    start_ns=trail.extract_began_ns + offset_ns,
                    end_ns=(trail.extracted_ns or now_ns) + offset_ns,
                    attributes={"newscrawl.outcome": outcome},
                    is_error=not is_read,
                )
            )
        self._send(spans)

    def delivery(self, letter: "Letter", outcome: "Outcome") -> None:
        """Send the client's side of `POST /v1/summaries`, waits and further tries included."""
        if outcome.began_ns is None or outcome.ended_ns is None or not letter.is_sampled:
            return
        offset_ns = time.time_ns() - time.monotonic_ns()
        is_error = outcome.outcome != "delivered"
        failure = str(outcome.status) if outcome.status else outcome.outcome
        span = Span(
            context=TraceContext(letter.trace_id, letter.span_id),
            parent_span_id=letter.parent_span_id,
            name=FEED_SPAN,
            kind="client",
            start_ns=outcome.began_ns + offset_ns,
            end_ns=outcome.ended_ns + offset_ns,
            attributes={
                "http.request.method": "POST",
                "url.template": "/v1/summaries",
                "http.response.status_code": outcome.status,
                "http.request.resend_count": max(0, outcome.attempts - 1) or None,
                "error.type": failure if is_error else None,
                "yoyak.article_id": letter.id,
                "newscrawl.outcome": outcome.outcome,
            },
            is_error=is_error,
        )
        self._send([span])

    def end(self, reason: str) -> None:
        """Send the crawl's own span."""
        now_ns = time.monotonic_ns()
        offset_ns = time.time_ns() - now_ns
        span = Span(
            context=self._crawl,
            parent_span_id=None,
            name=CRAWL_SPAN,
            kind="internal",
            start_ns=self._began_ns + offset_ns,
            end_ns=now_ns + offset_ns,
            attributes={"newscrawl.finish_reason": reason},
        )
        self._send([span])


class TracingExtension:
    """Listens while the spider is open; sends from a thread, and ends within CLOSE_S."""

    def __init__(self, settings: OtlpSettings) -> None:
        """Open the exporter; imports the SDK, 0.3 s.

        Raises:
            UsageError: a variable of the exporter's own cannot be used.
        """
        from otlp_spans.exporter import open_exporter  # lazy: most crawls send no spans

        release = version("yoyak")
        self._exporter = open_exporter(
            settings,
            resource={
                "service.namespace": SERVICE_NAMESPACE,
                "service.name": SERVICE,
                "service.version": release,
            },
            scope=SERVICE,
            version=release,
            schema_url=SCHEMA_URL,
        )
        self.sender = SpanSender(
            self._exporter.export,
            where=settings.endpoint,
            warn=_log.warning,
            queue_most=settings.queue_most,
            wait_s=settings.wait_s,
        )
        self.traces = CrawlTraces(settings, self.sender.add)

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> "TracingExtension":
        """Build for a crawler and listen to its signals."""
        extension = cls(crawler.settings[TRACES_SETTING])
        for receiver, signal in (
            (extension.kept, signals.item_scraped),
            (extension.dropped, signals.item_dropped),
            (extension.done, page_done),
            (extension.traces.delivery, article_settled),
            (extension.closed, signals.spider_closed),
        ):
            crawler.signals.connect(receiver, signal=signal)
        return extension

    def kept(self, response: "Response") -> None:
        """Tell of an article that is in the dataset."""
        self.traces.page(response.meta[META], KEPT)

    def dropped(self, response: "Response", exception: Exception) -> None:
        """Tell of an article that a pipeline dropped; its reason stands before the colon."""
        self.traces.page(response.meta[META], str(exception).partition(":")[0])

    def done(self, trail: PageTrail) -> None:
        """Tell of a page that became no article."""
        self.traces.page(trail, trail.outcome)

    def closed(self, reason: str) -> None:
        """Send what waits, for CLOSE_S at most."""
        self.traces.end(reason)
        self.sender.close(CLOSE_S)
        self._exporter.close()
