"""Boxes around an article."""

from newscrawl.extract.boxes import without_boxes
from newscrawl.extract.fragments import parse_page

ARTICLE = ["가람은행은 24일 대출 금리를 낮춘다고 밝혔다. 새 금리는 연말까지 적용된다."] * 3
BOX = "금융부에서 은행을 취재합니다."


def test_what_stands_in_a_box_goes() -> None:
    tree = parse_page(f"<div><p>{ARTICLE[0]}</p></div><div class='reporter_box'><p>{BOX}</p></div>")
    assert tree is not None
    assert without_boxes([*ARTICLE, BOX], tree) == ARTICLE


def test_a_box_that_holds_the_article_is_none() -> None:
    tree = parse_page(f"<div class='related'><p>{ARTICLE[0]}</p></div>")
    assert tree is not None
    assert without_boxes(ARTICLE, tree) == ARTICLE


def test_a_name_that_only_holds_such_a_word_is_none() -> None:
    tree = parse_page(f"<div class='correlated'><p>{BOX}</p></div>")
    assert tree is not None
    assert without_boxes([*ARTICLE, BOX], tree) == [*ARTICLE, BOX]
