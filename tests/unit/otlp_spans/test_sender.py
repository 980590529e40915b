"""Sending on a thread: bounded, patient, and honest about what is lost."""

import threading
from collections.abc import Callable, Sequence

import pytest

from otlp_spans.sender import BATCH_MOST, BATCH_OF_ALL, SpanSender, send_all
from otlp_spans.span import Span, TraceContext

SPAN = Span(
    context=TraceContext("a" * 32, "b" * 16),
    parent_span_id=None,
    name="GET",
    kind="client",
    start_ns=0,
    end_ns=1,
)
END_S = 5.0


class Store:
    """Takes batches, or answers why not; may be held closed."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.answer: str | None = None
        self.is_open = threading.Event()
        self.is_open.set()
        self.has_begun = threading.Event()
        self.warnings: list[str] = []

    def export(self, batch: Sequence[Span]) -> str | None:
        self.has_begun.set()
        self.is_open.wait(END_S)
        self.batches.append(len(batch))
        return self.answer


@pytest.fixture
def store() -> Store:
    return Store()


def sender(
    store: Store,
    *,
    queue_most: int = 1000,
    wait_s: float = 0.0,
    is_quiet: Callable[[], bool] = lambda: True,
) -> SpanSender:
    return SpanSender(
        store.export,
        where="http://store",
        warn=store.warnings.append,
        queue_most=queue_most,
        wait_s=wait_s,
        is_quiet=is_quiet,
    )


def test_all_that_waits_is_sent_at_the_end_in_batches(store: Store) -> None:
    one = sender(store, wait_s=60.0)
    one.add([SPAN] * (BATCH_OF_ALL + 1))
    one.close(END_S)
    assert (store.batches, one.sent, one.dropped) == ([BATCH_OF_ALL, 1], BATCH_OF_ALL + 1, 0)


def test_the_first_span_waits_for_company_but_not_for_ever(store: Store) -> None:
    one = sender(store, wait_s=0.01)
    one.add([SPAN])
    assert store.has_begun.wait(END_S)
    one.close(END_S)
    assert one.sent == 1


def test_half_a_queue_does_not_wait_for_company(store: Store) -> None:
    one = sender(store, queue_most=8, wait_s=60.0)
    one.add([SPAN])
    one.add([SPAN] * 2)
    one.add([SPAN])
    assert store.has_begun.wait(END_S)
    one.close(END_S)
    assert (store.batches, one.dropped) == ([4], 0)


def test_while_a_request_is_in_flight_nothing_leaves(store: Store) -> None:
    is_quiet = threading.Event()
    looked = threading.Event()

    def quiet() -> bool:
        looked.set()
        return is_quiet.is_set()

    one = sender(store, is_quiet=quiet)
    one.add([SPAN])
    assert looked.wait(END_S)
    assert not store.has_begun.is_set()
    is_quiet.set()
    assert store.has_begun.wait(END_S)
    one.close(END_S)


def test_a_request_in_flight_holds_spans_back_for_a_bounded_time_only(store: Store) -> None:
    one = SpanSender(
        store.export,
        where="",
        warn=store.warnings.append,
        is_quiet=lambda: False,
        queue_most=1000,
        wait_s=0.0,
        quiet_wait_s=0.01,
    )
    one.add([SPAN] * (BATCH_MOST + 1))
    assert store.has_begun.wait(END_S)
    one.close(END_S)
    assert store.batches[0] == BATCH_MOST  # small, for the request that is in flight


def test_what_the_queue_has_no_room_for_is_counted_and_told_once(store: Store) -> None:
    store.is_open.clear()
    one = sender(store, queue_most=5)
    one.add([SPAN])
    assert store.has_begun.wait(END_S)
    one.add([SPAN] * 7)
    one.add([SPAN])
    store.is_open.set()
    one.close(END_S)
    assert (one.sent, one.dropped) == (6, 3)
    assert len(store.warnings) == 1
    assert "http://store" in store.warnings[0]


def test_a_failed_export_is_counted_and_told_once(store: Store) -> None:
    store.answer = "status 503"
    one = sender(store)
    one.add([SPAN] * 3)
    one.add([SPAN] * 2)
    one.close(END_S)
    assert (one.sent, one.dropped) == (0, 5)
    assert len(store.warnings) == 1
    assert "status 503" in store.warnings[0]


def test_a_store_that_hangs_does_not_hold_the_end_and_each_span_is_counted_once(
    store: Store,
) -> None:
    store.is_open.clear()
    one = sender(store)
    one.add([SPAN] * 2)
    assert store.has_begun.wait(END_S)
    one.add([SPAN] * 3)
    one.close(0.01)
    assert (one.sent, one.dropped) == (0, 5)
    store.is_open.set()
    one.close(END_S)
    assert (one.sent, one.dropped) == (0, 5)


def test_after_the_end_spans_are_counted_as_lost(store: Store) -> None:
    one = sender(store)
    one.close(END_S)
    one.add([SPAN])
    assert one.dropped == 1


def test_sending_all_ends_with_the_first_failure(store: Store) -> None:
    store.answer = "no route"
    how = send_all(store.export, (SPAN for _ in range(BATCH_OF_ALL + 1)), limit_s=END_S)
    assert (how.sent, how.dropped, how.failure) == (0, BATCH_OF_ALL + 1, "no route")
    assert store.batches == [BATCH_OF_ALL]


def test_sending_all_ends_with_its_time(store: Store) -> None:
    how = send_all(store.export, [SPAN], limit_s=0.0)
    assert (how.sent, how.dropped, store.batches) == (0, 1, [])
