from dataclasses import replace
from pathlib import Path

from newscrawl.assembly import assemble
from newscrawl.candidates import Candidate
from newscrawl.extract import Extracted
from newscrawl.items import ArticleItem, article_item
from newscrawl.journal import Journal
from newscrawl.page_trail import PageTrail
from yoyak.dataset import read_dataset

TEXT = "너울군이 산내면에 새 도서관을 짓는다. 사업비는 {0}억원이고 개관은 {0}년 뒤 봄이다. " * 4


def item(number: int, published_at: str | None, *, host: str = "news.example") -> ArticleItem:
    url = f"https://{host}/news/{number}"
    found = Extracted(
        title=f"제목 {number}", text=TEXT.format(number), path="library", published_at=published_at
    )
    at = f"2026-11-2{number}T00:00:00+00:00"
    return article_item(
        found,
        url=url,
        fetched_at=at,
        candidate=Candidate(url=url, rank=(0, 0, number)),
        trail=PageTrail(),
    )


def journal(folder: Path, *items: ArticleItem) -> Path:
    book = Journal(folder / "journal.jsonl")
    for one in items:
        book.article(one)
    book.close()
    return folder / "journal.jsonl"


def test_articles_are_ordered_by_instant_whatever_their_zone_and_arrival(tmp_path: Path) -> None:
    late = item(1, "2026-11-12T10:00:00+09:00")  # 01:00 UTC
    early = item(2, "2026-11-12T00:30:00+00:00")
    unknown = item(3, None)
    for number, order in enumerate(([unknown, late, early], [early, unknown, late])):
        folder = tmp_path / str(number)
        folder.mkdir()
        assemble(journal(folder, *order), folder / "d", source=None, query=None)
        titles = [a.title for a in read_dataset(folder / "d").articles]
        assert titles == ["제목 2", "제목 1", "제목 3"]


def test_a_dataset_is_as_old_as_its_newest_response(tmp_path: Path) -> None:
    path = journal(tmp_path, item(3, None), item(1, None))
    done = assemble(path, tmp_path / "d", source="s", query="q")
    assert done is not None
    assert done.manifest.created_at == "2026-11-23T00:00:00+00:00"
    assert (done.manifest.source, done.manifest.query) == ("s", "q")


def test_the_same_place_on_two_ports_is_two_articles(tmp_path: Path) -> None:
    one, two = item(1, None, host="127.0.0.1:8001"), item(1, None, host="127.0.0.1:8002")
    two.text = "다른 글이다. " * 20
    assemble(journal(tmp_path, one, two), tmp_path / "d", source=None, query=None)
    ids = [a.id for a in read_dataset(tmp_path / "d").articles]
    assert ids == [one.id, f"{one.id}-2"]


def test_a_copy_is_linked_to_the_earlier_article(tmp_path: Path) -> None:
    first = item(1, "2026-11-12T10:00:00+09:00")
    copy = replace(item(2, "2026-11-12T11:00:00+09:00"), text=first.text + " 덧붙인 말.")
    done = assemble(journal(tmp_path, copy, first), tmp_path / "d", source=None, query=None)
    assert done is not None
    assert done.near_duplicates == 1
    link = (read_dataset(tmp_path / "d").articles[1].extra or {})["near_duplicate_of"]
    assert link["id"] == first.id


def test_without_articles_there_is_no_dataset(tmp_path: Path) -> None:
    assert assemble(journal(tmp_path), tmp_path / "d", source=None, query=None) is None
    assert not (tmp_path / "d").exists()
