import asyncio
import gc
import time

import pytest
import uvloop

from yoyak.dataset import Article
from yoyak.errors import HostError
from yoyak.load.loops import closed_loop, collector_off, open_loop

ARTICLES = tuple(Article(id=f"a{i}", url=None, title="t", text="x") for i in range(6))


class Server:
    """Holds each request until the test lets it go, and remembers what was in flight."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.scheduled: list[int | None] = []
        self.in_flight = 0
        self.most_in_flight = 0

    async def send(self, article: Article, scheduled_ns: int | None) -> None:
        self.begun.append(article.id)
        self.scheduled.append(scheduled_ns)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await asyncio.sleep(0)
        self.in_flight -= 1


async def test_a_closed_loop_sends_each_article_once_in_order() -> None:
    server = Server()
    await closed_loop(ARTICLES, server.send, users=1, stop=asyncio.Event())
    assert server.begun == [a.id for a in ARTICLES]
    assert server.most_in_flight == 1
    assert server.scheduled == [None] * 6


@pytest.mark.parametrize("users", [2, 3, 6])
async def test_a_closed_loop_holds_as_many_in_flight_as_it_has_users(users: int) -> None:
    server = Server()
    await closed_loop(ARTICLES, server.send, users=users, stop=asyncio.Event())
    assert sorted(server.begun) == [a.id for a in ARTICLES]
    assert server.most_in_flight == users


async def test_more_users_than_articles_send_no_article_twice() -> None:
    server = Server()
    await closed_loop(ARTICLES, server.send, users=20, stop=asyncio.Event())
    assert sorted(server.begun) == [a.id for a in ARTICLES]


async def test_after_stop_no_request_leaves_and_those_in_flight_end() -> None:
    stop = asyncio.Event()
    ended = []

    async def send(article: Article, _: int | None) -> None:
        stop.set()
        await asyncio.sleep(0)
        ended.append(article.id)

    await closed_loop(ARTICLES, send, users=1, stop=stop)
    assert ended == ["a0"]


async def test_a_duration_goes_round_the_articles_until_it_is_over() -> None:
    server = Server()
    began = time.monotonic()
    await closed_loop(ARTICLES, server.send, users=1, stop=asyncio.Event(), duration_s=0.05)
    assert time.monotonic() - began >= 0.05
    assert len(server.begun) > len(ARTICLES)
    assert server.begun[6:12] == [a.id for a in ARTICLES]


async def test_an_open_loop_keeps_its_schedule_when_the_engine_stalls() -> None:
    released = asyncio.Event()
    scheduled: list[int] = []
    sent: list[int] = []

    async def send(_: Article, scheduled_ns: int | None) -> None:
        assert scheduled_ns is not None
        scheduled.append(scheduled_ns)
        sent.append(time.monotonic_ns())
        if len(sent) == 4:
            released.set()
        await released.wait()  # no request ends before the last one left

    arrivals_s = (0.0, 0.01, 0.02, 0.03)
    await open_loop(ARTICLES, send, arrivals_s=arrivals_s, stop=asyncio.Event())
    assert [s - scheduled[0] for s in scheduled] == [0, 10_000_000, 20_000_000, 30_000_000]
    assert all(actual >= meant for actual, meant in zip(sent, scheduled, strict=True))


async def test_a_stopped_open_loop_sends_no_more() -> None:
    stop = asyncio.Event()
    sent = []

    async def send(article: Article, _: int | None) -> None:
        sent.append(article.id)
        stop.set()

    await open_loop(ARTICLES, send, arrivals_s=(0.0, 60.0), stop=stop)
    assert sent == ["a0"]


def test_the_collector_is_off_inside_and_on_again_outside() -> None:
    with collector_off():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), collector_off():
        raise KeyError
    assert gc.isenabled()


async def test_an_error_that_we_can_explain_leaves_a_loop_as_itself() -> None:
    async def send(_: Article, __: int | None) -> None:
        raise HostError("the disk is full")

    with pytest.raises(HostError, match="the disk is full"):
        await closed_loop(ARTICLES, send, users=2, stop=asyncio.Event())
    with pytest.raises(HostError, match="the disk is full"):
        await open_loop(ARTICLES, send, arrivals_s=(0.0, 0.001), stop=asyncio.Event())


async def test_a_defect_of_ours_is_not_hidden() -> None:
    async def send(_: Article, __: int | None) -> None:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as caught:
        await closed_loop(ARTICLES, send, users=1, stop=asyncio.Event())
    assert caught.group_contains(ZeroDivisionError)


def test_no_request_of_an_open_loop_leaves_before_its_time_under_uvloop() -> None:
    early: list[int] = []

    async def send(_: Article, scheduled_ns: int | None) -> None:
        assert scheduled_ns is not None
        early.append(scheduled_ns - time.monotonic_ns())

    async def run() -> None:
        arrivals_s = [index * 0.00037 for index in range(60)]
        await open_loop(ARTICLES, send, arrivals_s=arrivals_s, stop=asyncio.Event())

    uvloop.run(run())
    assert len(early) == 60
    assert max(early) <= 0
