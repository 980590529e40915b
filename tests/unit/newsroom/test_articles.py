"""The articles are what the newsroom promises: many, varied, invented, and each its own story."""

import re
import unicodedata
from datetime import timedelta
from itertools import combinations

import pytest

from newsroom import traps
from newsroom.articles import NewsroomArticle, load, parse
from newsroom.rendering import SITE_NOW

FIRM = re.compile(r"온새미\s?(투자)?증권")
ARTICLES = load()
KOREAN = [article for article in ARTICLES if article.language == "ko"]
every_article = pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.id)

SOURCE = """+++
id = "1"
press = "neoul"
title = "제목"
subheadline = ""
author = "예소담"
section = "economy"
published_at = 2026-11-01T09:00:00+09:00
language = "ko"
keywords = ["하나"]
captions = []
+++

첫 문단.

둘째 문단.
"""


def five_grams(article: NewsroomArticle) -> set[str]:
    letters = "".join(article.text.split())
    return {letters[start : start + 5] for start in range(len(letters) - 4)}


GRAMS = {article.id: five_grams(article) for article in ARTICLES}


def jaccard(one: str, other: str) -> float:
    return len(GRAMS[one] & GRAMS[other]) / len(GRAMS[one] | GRAMS[other])


def test_there_are_at_least_26_korean_and_4_english_articles() -> None:
    assert len(KOREAN) >= 26
    assert len(ARTICLES) - len(KOREAN) >= 4


def test_ids_and_titles_are_unique() -> None:
    assert len({article.id for article in ARTICLES}) == len(ARTICLES)
    assert len({article.title for article in ARTICLES}) == len(ARTICLES)


@every_article
def test_a_body_has_400_to_6000_characters(article: NewsroomArticle) -> None:
    assert 400 <= len(article.text) <= 6_000


def test_lengths_are_spread_from_short_notes_to_long_features() -> None:
    lengths = sorted(len(article.text) for article in KOREAN)
    assert sum(length < 600 for length in lengths) >= 4
    assert sum(700 <= length <= 2_000 for length in lengths) >= 15
    assert sum(length > 3_500 for length in lengths) >= 3
    assert lengths[-1] > 5_700


@every_article
def test_text_is_nfc_and_free_of_stray_whitespace(article: NewsroomArticle) -> None:
    for text in (article.title, article.text, article.author, *article.captions):
        assert unicodedata.is_normalized("NFC", text)
        assert "\t" not in text
        assert "  " not in text
    assert all("\n" not in paragraph for paragraph in article.paragraphs)


@every_article
def test_publication_is_korean_time_and_before_the_sites_now(article: NewsroomArticle) -> None:
    assert article.published_at.utcoffset() == timedelta(hours=9)
    assert article.published_at < SITE_NOW


@every_article
def test_the_label_synthetic_is_never_inside_the_text(article: NewsroomArticle) -> None:
    for word in ("synthetic", "시험용", "지어낸"):
        assert word not in f"{article.title}\n{article.text}".lower()


@every_article
def test_captions_are_no_part_of_the_text(article: NewsroomArticle) -> None:
    assert all(caption not in article.text for caption in article.captions)


def test_the_firm_is_in_at_least_16_korean_articles_and_missing_from_at_least_8() -> None:
    about = [article for article in KOREAN if FIRM.search(article.text)]
    assert len(about) >= 16
    assert len(KOREAN) - len(about) >= 8


def test_the_firm_appears_in_other_spellings_too() -> None:
    text = "\n".join(article.text for article in KOREAN)
    assert "온새미 증권" in text
    assert "온새미투자증권" in text


def test_the_lookalike_and_the_caption_only_story_do_not_name_the_firm_in_their_text() -> None:
    by_id = {article.id: article for article in ARTICLES}
    lookalike, caption_only = by_id[traps.LOOKALIKE_ID], by_id[traps.CAPTION_ONLY_ID]
    assert "온새미" in lookalike.text
    assert not FIRM.search(lookalike.text)
    assert not FIRM.search(caption_only.text)
    assert any(FIRM.search(caption) for caption in caption_only.captions)


def test_no_two_articles_but_the_wire_pair_are_alike() -> None:
    alike = {pair for pair in combinations(sorted(GRAMS), 2) if jaccard(*pair) >= 0.1}
    assert alike == {traps.WIRE_PAIR}


def test_the_wire_pair_is_nearly_but_not_quite_identical_and_under_two_presses() -> None:
    one, other = (article for article in ARTICLES if article.id in traps.WIRE_PAIR)
    assert 0.6 < jaccard(one.id, other.id) < 1.0
    assert one.press != other.press


def test_every_layout_has_an_article() -> None:
    layouts = {article.layout for article in ARTICLES}
    assert layouts == {"paragraphs", "breaks", "jsonld", "embedded", "legacy"}


def test_parse_takes_the_facts_and_cuts_paragraphs_at_blank_lines() -> None:
    article = parse(SOURCE)
    assert article.paragraphs == ("첫 문단.", "둘째 문단.")
    assert article.text == "첫 문단.\n\n둘째 문단."
    assert article.press == "새벽너울뉴스"
    assert article.byline == "예소담 기자"
    assert article.path == "/news/1"


def test_a_role_of_its_own_replaces_the_usual_one() -> None:
    source = SOURCE.replace('author = "예소담"', 'author = "예소담"\nrole = "객원 논설위원"')
    assert parse(source).byline == "예소담 객원 논설위원"


def test_a_source_without_its_opening_fence_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with"):
        parse(f"stray\n{SOURCE}")


def test_an_unknown_press_is_refused() -> None:
    with pytest.raises(KeyError, match="nobody"):
        parse(SOURCE.replace("neoul", "nobody"))
