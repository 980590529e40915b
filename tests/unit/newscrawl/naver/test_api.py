import json

import pytest

from newscrawl.naver.api import (
    DEVELOPERS,
    HUB,
    failure,
    is_rate_limited,
    parse_answer,
    plain,
    search_url,
    starts,
)
from yoyak.errors import HostError, MeasuredFailure, UsageError


def test_the_old_home_is_asked_by_its_json_address() -> None:
    url = search_url(DEVELOPERS.url, "온새미 증권", start=101, display=100, sort="date")
    assert url == (
        "https://openapi.naver.com/v1/search/news.json"
        "?query=%EC%98%A8%EC%83%88%EB%AF%B8+%EC%A6%9D%EA%B6%8C&display=100&start=101&sort=date"
    )


def test_the_new_home_is_told_the_format() -> None:
    assert search_url(HUB.url, "a").endswith("&format=json")


@pytest.mark.parametrize(
    ("query", "limits"),
    [
        (" ", {}),
        ("a", {"display": 0}),
        ("a", {"display": 101}),
        ("a", {"start": 0}),
        ("a", {"start": 1001}),
        ("a", {"sort": "new"}),
    ],
)
def test_what_the_api_would_refuse_is_not_sent(query: str, limits: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        search_url(DEVELOPERS.url, query, **limits)  # type: ignore[arg-type]  # that is the test


def test_all_results_within_reach_take_eleven_calls() -> None:
    assert list(starts(None)) == [1, 101, 201, 301, 401, 501, 601, 701, 801, 901, 1000]
    assert list(starts(150)) == [1, 101]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("<b>주식</b>형 펀드", "주식형 펀드"),
        ("&quot;앱 멈췄다&quot; <b>온새미</b>", '"앱 멈췄다" 온새미'),
        ("R&amp;D", "R&D"),
        ("&amp;quot;두 번&amp;quot;", '"두 번"'),
        ("5 &lt; 7", "5 < 7"),
        ("A&amp;B 제약", "A&B 제약"),
    ],
)
def test_marks_and_entities_of_a_title(marked: str, expected: str) -> None:
    assert plain(marked) == expected


def answer(**item: str) -> bytes:
    return json.dumps({"total": 1, "start": 1, "display": 1, "items": [item]}).encode()


def test_a_result() -> None:
    (hit,) = parse_answer(
        answer(
            title="<b>온새미증권</b> 실적",
            originallink="https://haedam.example/a?id=1&amp;x=2",
            link="https://n.news.naver.com/mnews/article/901/0000000001?sid=101",
            description="",
            pubDate="Mon, 26 Sep 2016 07:50:00 +0900",
        )
    ).hits
    assert hit.title == "온새미증권 실적"
    assert hit.original_url == "https://haedam.example/a?id=1&x=2"
    assert hit.naver_url == "https://n.news.naver.com/mnews/article/901/0000000001?sid=101"
    assert hit.published_at == "2016-09-26T07:50:00+09:00"


def test_a_link_that_is_the_publishers_own_is_no_naver_page() -> None:
    (hit,) = parse_answer(
        answer(title="", originallink="", link="https://haedam.example/1", description="")
    ).hits
    assert (hit.original_url, hit.naver_url) == ("https://haedam.example/1", None)
    assert hit.published_at is None


@pytest.mark.parametrize("front", ["https://haedam.example", "http://www.haedam.example/", "-", ""])
def test_a_front_page_is_no_article(front: str) -> None:
    naver = "https://n.news.naver.com/mnews/article/901/0000000001"
    (hit,) = parse_answer(answer(title="", originallink=front, link=naver, description="")).hits
    assert (hit.original_url, hit.naver_url) == (None, naver)


def test_a_host_whose_name_only_ends_like_navers_is_a_publisher() -> None:
    link = "https://notnaver.com/news/1"
    (hit,) = parse_answer(answer(title="", originallink="", link=link, description="")).hits
    assert (hit.original_url, hit.naver_url) == (link, None)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"items": [1]}', b'{"total": 1}'])
def test_an_answer_of_another_form_is_named(body: bytes) -> None:
    with pytest.raises(HostError, match="not understood"):
        parse_answer(body)


def body(code: str, message: str) -> bytes:
    return json.dumps({"errorCode": code, "errorMessage": message}).encode()


def cloud(code: str, message: str) -> bytes:
    return json.dumps({"error": {"errorCode": code, "message": message}}).encode()


@pytest.mark.parametrize(
    ("status", "data", "kind", "words"),
    [
        (401, body("024", "Authentication failed"), HostError, "NAVER_CLIENT_SECRET"),
        (403, body("", ""), HostError, "refused the keys"),
        (400, body("SE01", "Incorrect query request"), UsageError, "SE01"),
        (429, body("010", "Query limit exceeded"), MeasuredFailure, "midnight"),
        (404, b"not json", HostError, "--api-url"),
        (500, body("99", "System Error"), HostError, "later"),
    ],
)
def test_an_error_is_told_with_its_mend(
    status: int, data: bytes, kind: type[Exception], words: str
) -> None:
    error = failure(status, data, DEVELOPERS)
    assert type(error) is kind
    assert words in str(error)


def test_an_error_of_the_cloud_is_read_in_its_own_form() -> None:
    told = str(failure(401, cloud("200", "Authentication Failed"), HUB))
    assert "200, Authentication Failed" in told


def test_too_many_calls_a_second_is_not_too_many_a_day() -> None:
    assert is_rate_limited(429, body("012", "Rate limit exceeded."))
    assert not is_rate_limited(429, body("010", "Query limit exceeded"))
    assert is_rate_limited(429, cloud("410", "Throttle Limited"))
    assert is_rate_limited(429, cloud("420", "Rate Limited"))
    assert not is_rate_limited(429, cloud("400", "Quota Exceeded"))
