"""The page of a run: complete, safe, honest about what it does not know."""

import json
from dataclasses import replace

import pytest
from tests.data_factories.benchmark_run import a_run, finished
from tests.data_factories.html_page import HOSTILE, Page

from yoyak.errors import UsageError
from yoyak.records import Finding
from yoyak.report.html import run_html
from yoyak.report.page import script_json
from yoyak.store.run_folder import Run

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def page(run: Run) -> Page:
    return Page(run_html(run))


def charts(page: Page) -> dict[str, object]:
    found: dict[str, object] = json.loads(page.scripts[0])["charts"]
    return found


def test_the_first_screen_is_the_answer(page: Page) -> None:
    head = page.text[: page.text.index("Findings")]
    assert "mistral-7b Q4_0 on m5.16xlarge" in head
    for words in (
        "Decode",
        "Time to first token",
        "95 % [",
        "Engine memory, peak",
        "5 repetitions",
    ):
        assert words in head


def test_synthetic_weights_are_said_in_words(page: Page) -> None:
    assert "SYNTHETIC WEIGHTS" in page.text
    real = finished(a_run(synthetic=False, repetitions=2, samples_per_s=0))
    assert "SYNTHETIC WEIGHTS" not in Page(run_html(real)).text


def test_findings_come_gravest_first_with_what_helps(run: Run) -> None:
    assert run.perf is not None
    findings = (
        Finding(code="a-note", severity="info", message="a note"),
        Finding(code="a-doubt", severity="warning", message="a doubt", mend="more requests"),
        Finding(code="a-flaw", severity="invalid", message="a flaw"),
    )
    text = Page(run_html(replace(run, perf=replace(run.perf, findings=findings)))).text
    assert text.index("a flaw") < text.index("a doubt") < text.index("a note")
    assert "What helps: more requests" in text
    assert "Do not use these numbers" in text


def test_a_run_without_doubts_says_so(run: Run) -> None:
    assert run.perf is not None
    text = Page(run_html(replace(run, perf=replace(run.perf, findings=())))).text
    assert "No doubts" in text
    assert "Do not use these numbers" not in text


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_hostile_title_stays_text(language: str) -> None:
    hostile = finished(a_run(title=HOSTILE, articles=2, repetitions=2, samples_per_s=0))
    hostile = replace(
        hostile,
        requests=tuple(replace(r, article_id=HOSTILE) for r in hostile.requests),
        summaries=tuple(
            replace(s, summary=HOSTILE, url="javascript:alert(3)") for s in hostile.summaries
        ),
    )
    html = run_html(hostile, language=language)
    page = Page(html)
    assert len(page.all("script")) == 3
    assert not page.all("img")
    assert "alert(1)" in page.text
    assert not [a for a in page.all("a") if (a["href"] or "").startswith("javascript")]
    json.loads(page.scripts[0])
    assert "\u2028" not in html.split('id="report-data"')[1]


def test_data_in_a_script_element_cannot_end_it() -> None:
    text = script_json({HOSTILE: [HOSTILE]})
    assert "<" not in text
    assert ">" not in text
    assert "\u2028" not in text
    assert json.loads(text) == {HOSTILE: [HOSTILE]}


def test_the_page_asks_for_nothing_from_outside(page: Page) -> None:
    assert not page.all("img")
    assert not page.all("iframe")
    assert not [s for s in page.all("script") if "src" in s]
    links = page.all("link")
    assert all((link["href"] or "").startswith("data:") for link in links)
    (policy,) = [m["content"] for m in page.all("meta") if "content-security" in str(m).lower()]
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_headings_and_landmarks_are_there(page: Page) -> None:
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page.all(landmark)) == 1
    assert len(page.all("h1")) == 1
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("caption")) == len(page.all("table"))
    assert all("scope" in cell for cell in page.all("th"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {(a["href"] or "")[1:] for a in page.all("a") if (a["href"] or "").startswith("#")}
    assert targets <= set(ids)


def test_every_chart_has_a_place_a_name_and_a_table(page: Page) -> None:
    figures = page.all("figure")
    places = {a["id"]: a for a in page.all("div") if a.get("class") == "chart"}
    assert len(figures) == len(places) == len(charts(page)) > 8
    assert {f"chart-{key}" for key in charts(page)} == set(places)
    assert all(place["aria-label"] for place in places.values())


def test_every_option_is_listed_with_its_origin(page: Page) -> None:
    for words in ("output_tokens", "flag", "environment", "default", "clock_gettime"):
        assert words in page.text


def test_korean_is_a_language_of_its_own(run: Run) -> None:
    page = Page(run_html(run, language="ko"))
    assert page.all("html")[0]["lang"] == "ko"
    for words in ("합성 가중치", "살펴볼 점", "디코딩", "첫 토큰까지", "옵션"):
        assert words in page.text


def test_an_unknown_language_is_refused(run: Run) -> None:
    with pytest.raises(UsageError, match="fr"):
        run_html(run, language="fr")


def test_a_run_that_was_killed_shows_its_records_and_says_that_it_has_no_results(run: Run) -> None:
    page = Page(run_html(replace(run, perf=None, cut_lines=("requests.jsonl",))))
    assert "This run has no results" in page.text
    assert "requests.jsonl" in page.text
    assert "timeline" in charts(page)
    assert "rates" not in charts(page)


def test_a_run_without_a_single_request_has_a_page(run: Run) -> None:
    empty = replace(run, perf=None, requests=(), loads=(), samples=(), summaries=())
    page = Page(run_html(empty))
    assert "No request was recorded" in page.text
    assert charts(page) == {}


def test_a_run_of_which_every_request_failed_shows_no_speed() -> None:
    run = a_run(articles=2, repetitions=1, warmup=0, failures=2)
    page = Page(run_html(finished(run)))
    assert "unknown" in page.text
    assert "0 tokens/s" not in page.text
    assert "failed: http_5xx" in page.text


def test_one_repetition_has_numbers_and_no_interval() -> None:
    page = Page(run_html(finished(a_run(repetitions=1, samples_per_s=0))))
    assert "no interval" in page.text


def test_a_run_of_a_thousand_requests_fits_in_two_megabytes() -> None:
    run = finished(a_run(articles=200, repetitions=5, output_tokens=200, samples_per_s=1.0))
    assert len([r for r in run.requests if not r.is_warmup]) == 1000
    html = run_html(run, language="ko")
    assert len(html.encode()) < 2 * MEBIBYTE


def test_long_texts_are_bounded_and_the_page_says_how_many_there_are() -> None:
    run = a_run(articles=100, repetitions=1, output_tokens=20, samples_per_s=0)
    long = replace(run, summaries=tuple(replace(s, summary="가" * 5000) for s in run.summaries))
    text = Page(run_html(long)).text
    assert "12 of 100, from the first repetition; summary.json has them all" in text
    assert text.count("가" * 5000) == 12
