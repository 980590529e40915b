"""The words of the reports: complete in both languages."""

import re
import string
from dataclasses import fields
from pathlib import Path

import pytest

import yoyak.report
from yoyak.errors import UsageError
from yoyak.records import Latency, Rates, Resources, Totals
from yoyak.records.perf import Cost, GpuResources
from yoyak.report.messages import LANGUAGES, Messages
from yoyak.report.words import TABLE

SOURCES = Path(yoyak.report.__file__).parent


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", TABLE)
def test_both_languages_fill_the_same_placeholders(key: str) -> None:
    english, korean = TABLE[key]
    assert english
    assert korean
    assert placeholders(english) == placeholders(korean)


def test_korean_words_are_korean() -> None:
    same = {key for key, (english, korean) in TABLE.items() if english == korean}
    assert same <= {"figure_cpu", "study_chart_says", "card_interval"}


def test_every_key_that_the_sources_ask_for_exists() -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for pattern in ("*.py", "charts/*.py", "templates/*.j2")
        for path in SOURCES.glob(pattern)
    ]
    asked = {key for text in texts for key in re.findall(r"\bt\(\s*\"([\w.]+)\"\s*[,)]", text)}
    assert len(asked) > 150
    assert asked <= TABLE.keys()


@pytest.mark.parametrize(
    ("prefix", "record"),
    [
        ("rates", Rates),
        ("latency", Latency),
        ("totals", Totals),
        ("resources", Resources),
        ("cost", Cost),
        ("gpus", GpuResources),
    ],
)
def test_every_published_number_has_a_name(prefix: str, record: type) -> None:
    unnamed = {"gpus", "price_source", "name", "uuid"}  # a table, a note, row labels
    keys = {
        f"{prefix}.{field.name.removesuffix('_ci95')}"  # an interval stands with its number
        for field in fields(record)
        if field.name not in unnamed
    }
    assert keys <= TABLE.keys()


def test_an_unknown_language_is_a_usage_error_that_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="en, ko"):
        Messages("fr")


def test_an_unknown_key_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        Messages("en")("no_such_words")


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_filled(language: str) -> None:
    assert "7" in Messages(language)("repetition_n", n=7)
