"""The crawl's spans from the stamps of a page and of a delivery."""

import pytest

from newscrawl.letters import Letter, Outcome
from newscrawl.page_trail import PageTrail
from newscrawl.tracing import CrawlTraces
from otlp_spans.settings import OtlpSettings
from otlp_spans.span import Span, TraceContext

S = 1_000_000_000
URL = "https://news.example/news/1001"


@pytest.fixture
def sent() -> list[Span]:
    return []


@pytest.fixture
def traces(sent: list[Span]) -> CrawlTraces:
    return CrawlTraces(OtlpSettings(endpoint="http://store"), sent.extend)


def read_page() -> PageTrail:
    return PageTrail(
        url=URL,
        status=200,
        sent_ns=1 * S,
        received_ns=2 * S,
        extract_began_ns=3 * S,
        extracted_ns=4 * S,
    )


def letter(trail: PageTrail, *, is_sampled: bool = True) -> Letter:
    return Letter(
        key="k",
        id="a1",
        title="제목",
        text="본문",
        trace_id=trail.trace_id,
        span_id="d" * 16,
        parent_span_id=trail.extract_span_id,
        is_sampled=is_sampled,
    )


def test_a_page_that_was_read_is_a_get_with_its_extraction_below(
    traces: CrawlTraces, sent: list[Span]
) -> None:
    trail = read_page()
    traces.page(trail, "kept")
    get, extract = sent
    assert (get.name, extract.name) == ("GET", "extract")
    assert get.context == TraceContext(trail.trace_id, trail.get_span_id)
    assert (get.parent_span_id, extract.parent_span_id) == (None, trail.get_span_id)
    assert (get.end_ns - get.start_ns, extract.end_ns - extract.start_ns) == (S, S)
    assert get.attributes["newscrawl.outcome"] == "kept"
    assert not get.is_error


def test_a_page_that_did_not_come_is_an_error_with_its_reason(
    traces: CrawlTraces, sent: list[Span]
) -> None:
    traces.page(PageTrail(url=URL, sent_ns=1 * S), "timeout")
    (get,) = sent
    assert (get.is_error, get.attributes["error.type"]) == (True, "timeout")
    assert get.attributes["http.response.status_code"] is None


def test_a_page_that_is_not_wanted_is_no_error(traces: CrawlTraces, sent: list[Span]) -> None:
    traces.page(read_page(), "not_relevant")
    assert [span.is_error for span in sent] == [False, False]
    assert sent[0].attributes["newscrawl.outcome"] == "not_relevant"


def test_a_page_from_the_cache_took_no_time_on_the_network(
    traces: CrawlTraces, sent: list[Span]
) -> None:
    trail = read_page()
    trail.sent_ns = trail.received_ns = None
    trail.is_cached = True
    traces.page(trail, "kept")
    get = sent[0]
    assert (get.end_ns - get.start_ns, get.attributes["newscrawl.cached"]) == (0, True)


def test_pages_link_to_the_crawl_which_ends_last(traces: CrawlTraces, sent: list[Span]) -> None:
    traces.page(read_page(), "kept")
    traces.end("finished")
    crawl = sent[-1]
    assert (crawl.name, sent[0].links) == ("crawl", (crawl.context,))


def test_a_delivery_stands_below_the_extraction_and_counts_its_tries(
    traces: CrawlTraces, sent: list[Span]
) -> None:
    trail = read_page()
    outcome = Outcome(
        outcome="delivered", seconds=1.0, attempts=3, status=200, began_ns=4 * S, ended_ns=9 * S
    )
    traces.delivery(letter(trail), outcome)
    (post,) = sent
    assert (post.name, post.parent_span_id) == ("POST /v1/summaries", trail.extract_span_id)
    assert post.context == TraceContext(trail.trace_id, "d" * 16)
    assert post.end_ns - post.start_ns == 5 * S
    assert post.attributes["http.request.resend_count"] == 2


@pytest.mark.parametrize(
    ("outcome", "status", "error"),
    [("refused", 422, "422"), ("undelivered", None, "undelivered")],
)
def test_a_delivery_that_failed_says_why(
    outcome: str, status: int | None, error: str, traces: CrawlTraces, sent: list[Span]
) -> None:
    settled = Outcome(
        outcome=outcome, seconds=0.0, attempts=1, status=status, began_ns=1, ended_ns=2
    )
    traces.delivery(letter(read_page()), settled)
    assert (sent[0].is_error, sent[0].attributes["error.type"]) == (True, error)


def test_what_was_never_tried_or_is_not_kept_leaves_no_span(
    traces: CrawlTraces, sent: list[Span]
) -> None:
    traces.delivery(letter(read_page()), Outcome(outcome="undelivered", seconds=0.0, attempts=0))
    done = Outcome(outcome="delivered", seconds=1.0, attempts=1, began_ns=1, ended_ns=2)
    traces.delivery(letter(read_page(), is_sampled=False), done)
    assert sent == []


def test_a_sampler_of_nothing_leaves_pages_out(sent: list[Span]) -> None:
    CrawlTraces(OtlpSettings(endpoint="x", root_ratio=0.0), sent.extend).page(read_page(), "kept")
    assert sent == []
