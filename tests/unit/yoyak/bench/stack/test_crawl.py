from pathlib import Path

import pytest

from yoyak.bench.stack.crawl import crawl_arguments, dataset_folder
from yoyak.errors import UsageError

OUT = Path("/crawl/abc")


def test_a_keyword_alone_is_searched_for_at_naver_within_a_kept_budget() -> None:
    arguments = crawl_arguments({"YOYAK_KEYWORD": "온새미증권"}, OUT)
    assert arguments[:2] == ["naver", "온새미증권"]
    assert arguments[2:] == ["--budget-file", "/crawl/naver-calls.json", "--out", "/crawl/abc"]


def test_an_address_is_crawled_as_a_site() -> None:
    given = {"YOYAK_KEYWORD": "온새미", "YOYAK_CRAWL_URL": "https://news.example/"}
    arguments = crawl_arguments(given, OUT)
    assert arguments == ["site", "https://news.example/", "--query", "온새미", "--out", str(OUT)]


def test_a_site_is_crawled_whole_where_the_keyword_is_any() -> None:
    given = {"YOYAK_KEYWORD": "*", "YOYAK_CRAWL_URL": "https://news.example/"}
    assert crawl_arguments(given, OUT) == ["site", "https://news.example/", "--out", str(OUT)]


def test_further_options_are_split_as_a_shell_does() -> None:
    given = {"YOYAK_KEYWORD": "k", "YOYAK_CRAWL_OPTIONS": "--alias 'two words' --max-pages 2"}
    assert crawl_arguments(given, OUT)[-4:] == ["--alias", "two words", "--max-pages", "2"]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"YOYAK_KEYWORD": "", "YOYAK_CRAWL_URL": "https://news.example/"},
        {"YOYAK_KEYWORD": "*"},
        {"YOYAK_KEYWORD": "k", "YOYAK_CRAWL_OPTIONS": "'open"},
    ],
)
def test_what_cannot_be_crawled_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="YOYAK_"):
        crawl_arguments(given, OUT)


def test_another_keyword_has_another_folder() -> None:
    folders = {dataset_folder(OUT, {"YOYAK_KEYWORD": keyword}) for keyword in ("a", "b", "")}
    assert len(folders) == 3
