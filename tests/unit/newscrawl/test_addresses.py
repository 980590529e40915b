import random
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request

from newscrawl.addresses import (
    article_id,
    article_key,
    is_naver_sports,
    naver_article,
    web_address,
)

FORMS = (
    "https://n.news.naver.com/mnews/article/001/0014567890?sid=101",
    "https://n.news.naver.com/article/001/0014567890?cds=news_media_pc&type=editn",
    "https://n.news.naver.com/mnews/article/comment/001/0014567890#comments",
    "https://news.naver.com/main/read.naver?mode=LSD&mid=sec&sid1=101&oid=001&aid=0014567890",
    "https://news.naver.com/main/read.nhn?oid=001&aid=0014567890",
    "http://m.news.naver.com/read.nhn?oid=001&aid=0014567890&sid1=101",
    "https://m.sports.naver.com/article/001/0014567890",
    "https://m.entertain.naver.com/article/001/0014567890",
    "https://sports.news.naver.com/news?oid=001&aid=0014567890",
    "https://n.news.naver.com/article/001/0014567890?rc=N&ntype=RANKING",
    "https://n.news.naver.com/mnews/hotissue/article/001/0014567890?cid=1085277",
    "https://m.sports.naver.com/kbaseball/article/001/0014567890",
)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_naver_address_is_the_same_article(form: str) -> None:
    assert article_key(form) == "naver:001:0014567890"


def test_a_section_page_of_naver_is_no_article() -> None:
    assert naver_article("https://news.naver.com/section/101") is None


def test_another_site_with_the_same_path_is_another_article() -> None:
    assert naver_article("https://news.example/article/001/0014567890") is None


def test_the_port_of_a_naver_host_changes_nothing() -> None:
    assert (
        article_key("http://n.news.naver.com:8080/article/001/0014567890") == "naver:001:0014567890"
    )


def test_fragments_tracking_parameters_and_the_scheme_do_not_count() -> None:
    plain = article_key("https://news.example/a?id=1&page=2")
    assert article_key("http://NEWS.example:80/a?page=2&utm_source=x&id=1&fbclid=y#top") == plain


NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=8)


@given(
    path=st.lists(NAMES, min_size=1, max_size=4),
    query=st.dictionaries(NAMES.map(lambda name: f"q{name}"), NAMES, max_size=4),
    order=st.randoms(use_true_random=False),
    tracking=st.sampled_from(["utm_source", "utm_campaign", "fbclid", "gclid", "mc_cid", "_ga"]),
)
def test_an_address_has_one_key_in_every_form_and_another_article_has_another(
    path: list[str], query: dict[str, str], order: random.Random, tracking: str
) -> None:
    def written(scheme: str, host: str, pairs: list[tuple[str, str]], fragment: str) -> str:
        place = "/".join(map(quote, path))
        return f"{scheme}://{host}/{place}?{urlencode(pairs)}{fragment}"

    plain = list(query.items())
    mixed = [*plain, (tracking, "x")]
    order.shuffle(mixed)
    key = article_key(written("https", "news.example", plain, ""))
    assert article_key(written("http", "NEWS.example:80", mixed, "#comments")) == key
    assert article_key(written("https", "news.example", [*plain, ("idxno", "1")], "")) != key
    assert article_id(key) == article_id(key)


@given(st.text(max_size=60), st.sampled_from(["", "https://news.example/a/b"]))
def test_what_is_taken_for_a_web_address_can_be_asked_for(text: str, base: str) -> None:
    for reference in (text, f"//{text}", f"http://{text}", f"http://a.example:{text}/"):
        url = web_address(base, reference)
        if url is not None:
            assert Request(url).url.startswith("http")
            assert article_id(article_key(url))


def test_a_parameter_that_names_the_article_counts() -> None:
    assert article_key("https://news.example/a?id=1") != article_key("https://news.example/a?id=2")


def test_an_id_is_readable_for_naver_and_a_hash_elsewhere() -> None:
    assert article_id("naver:001:0014567890") == "naver-001-0014567890"
    assert len(article_id("//news.example/a")) == 16


def test_an_id_does_not_depend_on_the_port() -> None:
    assert article_id("//127.0.0.1:8001/a") == article_id("//127.0.0.1:9002/a")


def test_sports_and_entertainment_hosts_are_known() -> None:
    assert is_naver_sports("https://m.sports.naver.com/article/001/0014567890")
    assert is_naver_sports("https://entertain.naver.com/read?oid=001&aid=0014567890")
    assert not is_naver_sports("https://n.news.naver.com/article/001/0014567890")
