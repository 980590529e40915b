import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.dataset import (
    Article,
    article_line,
    dataset_sha256,
    parse_article,
    read_dataset,
    select,
    write_dataset,
)
from yoyak.errors import UsageError


def article(number: int = 1, text: str = "본문입니다.") -> Article:
    return Article(id=f"a{number}", url=f"http://news/{number}", title=f"제목 {number}", text=text)


def written(folder: Path, *articles: Article) -> Path:
    write_dataset(folder, articles or (article(1), article(2)), created_at="2026-01-01T00:00:00Z")
    return folder


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    one = replace(article(1), keywords=("증권",), extra={"section": "경제", "relevance": 0.5})
    read = read_dataset(written(tmp_path / "d", one, article(2)))
    assert read.articles == (one, article(2))
    assert read.manifest.articles == 2
    assert read.manifest.chars == 2 * len("본문입니다.")


def test_text_becomes_nfc_when_it_is_written(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "한글")
    read = read_dataset(written(tmp_path / "d", article(1, decomposed)))
    assert read.articles[0].text == "한글"
    assert read.manifest.chars == 2


def test_an_articles_hash_covers_id_title_and_text_only() -> None:
    assert article().sha256 == replace(article(), url=None, press="매체").sha256
    for changed in (
        replace(article(), id="b"),
        replace(article(), title="다른"),
        replace(article(), text="다른"),
    ):
        assert changed.sha256 != article().sha256


def test_an_articles_hash_is_that_of_its_canonical_json() -> None:
    import hashlib

    canonical = '{"id":"a1","text":"본문입니다.","title":"제목 1"}'
    assert article().sha256 == hashlib.sha256(canonical.encode()).hexdigest()


def test_the_order_of_articles_is_part_of_the_digest() -> None:
    assert dataset_sha256([article(1), article(2)]) != dataset_sha256([article(2), article(1)])


@given(title=st.text(min_size=1), text=st.text(min_size=1))
def test_a_line_gives_its_article_back(title: str, text: str) -> None:
    one = Article(
        id="x",
        url=None,
        title=unicodedata.normalize("NFC", title),
        text=unicodedata.normalize("NFC", text),
    )
    if not one.title.strip() or not one.text.strip():
        return
    line = article_line(one)
    assert "\n" not in line
    assert parse_article(line, where="here") == one


def test_a_changed_text_is_found_out(tmp_path: Path) -> None:
    folder = written(tmp_path / "d")
    file = folder / "articles.jsonl"
    file.write_text(file.read_text().replace("본문입니다.", "본문 입니다."))
    with pytest.raises(UsageError, match=r'articles\.jsonl line 1: "sha256" does not match'):
        read_dataset(folder)


def test_a_lost_article_is_found_out(tmp_path: Path) -> None:
    folder = written(tmp_path / "d")
    file = folder / "articles.jsonl"
    file.write_text(file.read_text().splitlines(keepends=True)[0])
    with pytest.raises(UsageError, match="1 articles with digest"):
        read_dataset(folder)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("manifest.json", None, r"no dataset: manifest\.json is missing"),
        ("articles.jsonl", None, r"no dataset: articles\.jsonl is missing"),
        ("manifest.json", "{", "not a dataset manifest"),
        ("manifest.json", "[]", "not a dataset manifest"),
        ("articles.jsonl", "{", "line 1 is not JSON"),
        ("articles.jsonl", "[]\n", "line 1 is not a JSON object"),
        ("articles.jsonl", '{"id": "a"}\n', 'line 1 has no "title" text'),
        ("articles.jsonl", '{"id": "a", "title": 3, "text": "x"}\n', 'no "title" text'),
        ("manifest.json", '{"schema_version": 99}', "has schema 99"),
    ],
)
def test_a_broken_dataset_gets_one_line(
    tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    folder = written(tmp_path / "d")
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(content)
    with pytest.raises(UsageError, match=message) as caught:
        read_dataset(folder)
    assert "\n" not in str(caught.value)


def test_an_id_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='"a1" occurs twice'):
        written(tmp_path / "d", article(1), article(1))


def test_selection_passes_long_articles_over_and_cuts_none() -> None:
    articles = (article(1, "가" * 100), article(2, "나" * 10), article(3, "다" * 50))
    assert select(articles, count=2, max_chars=50) == (articles[1], articles[2])


def test_too_few_fitting_articles_name_the_way_out() -> None:
    with pytest.raises(UsageError, match="use --articles 1 or a larger --article-chars"):
        select((article(1, "가" * 10), article(2, "나" * 99)), count=2, max_chars=50)


def test_the_manifest_names_the_contracts_fields(tmp_path: Path) -> None:
    manifest = json.loads((written(tmp_path / "d") / "manifest.json").read_text())
    assert set(manifest) == {
        "schema_version",
        "dataset_sha256",
        "articles",
        "chars",
        "created_at",
        "source",
        "query",
        "extractor",
    }


def test_a_line_separator_inside_a_text_does_not_end_its_line(tmp_path: Path) -> None:
    text = "첫 줄\u2028둘째 줄\u0085셋째 줄"
    assert read_dataset(written(tmp_path / "d", article(1, text))).articles[0].text == text


def test_the_same_dataset_written_again_leaves_the_folder_untouched(tmp_path: Path) -> None:
    folder = written(tmp_path / "d")
    before = (folder / "manifest.json").read_bytes()
    again = write_dataset(folder, (article(1), article(2)), created_at="2027-01-01T00:00:00Z")
    assert again.created_at == "2026-01-01T00:00:00Z"
    assert (folder / "manifest.json").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["articles.jsonl", "manifest.json"]


def test_another_fact_beside_the_text_is_written_even_if_the_digest_stays(tmp_path: Path) -> None:
    folder = written(tmp_path / "d")
    write_dataset(
        folder, (replace(article(1), press="매체"), article(2)), created_at="2027-01-01T00:00:00Z"
    )
    assert read_dataset(folder).articles[0].press == "매체"
