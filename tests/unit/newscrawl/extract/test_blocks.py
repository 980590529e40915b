from lxml.html import document_fromstring

from newscrawl.extract.blocks import body_of_blocks

PARAGRAPHS = [
    "해솔시가 내년부터 시내버스 노선 열두 개를 다시 짠다. 시는 27일 설명회를 열었다.",
    "바뀌는 노선은 해솔역과 새 주택지구를 잇는 다섯 개, 산업단지를 도는 네 개다.",
    "시는 다음 달 10일까지 주민 의견을 받는다. 바뀐 노선은 3월 2일부터 다닌다.",
]
COMMENT = (
    "<div class='_c'><div>버스가 늦게 오는 것이 하루 이틀이 아닙니다. 이번에는 말로만 끝나지 "
    "않기를 바랍니다.</div></div>"
)


def body(*blocks: str, comments: int = 0) -> list[str]:
    page = f"<h1>노선 바뀐다</h1><div class='_x'>{''.join(blocks)}</div>{COMMENT * comments}"
    return body_of_blocks(document_fromstring(f"<html><body>{page}</body></html>"))


def test_the_children_of_one_element_are_its_paragraphs() -> None:
    assert body(*(f"<div><span>{text}</span></div>" for text in PARAGRAPHS)) == PARAGRAPHS


def test_a_wrapper_around_each_paragraph_makes_no_difference() -> None:
    wrapped = (f"<div><div><p>{text}</p></div></div>" for text in PARAGRAPHS)
    assert body(*wrapped) == PARAGRAPHS


def test_longer_comments_behind_the_article_are_not_the_article() -> None:
    assert body(*(f"<div>{text}</div>" for text in PARAGRAPHS), comments=5) == PARAGRAPHS


def test_pictures_cards_polls_and_advertisements_are_left_out() -> None:
    others = (
        "<div><img src='1.jpg'><i>해솔역 앞 정류장에서 시민들이 버스를 기다리고 있다.</i></div>",
        "<div><a href='/2'>해솔항 방파제 공사가 다음 달에 끝난다고 시가 밝혔다.</a></div>",
        "<div>버스 노선을 바꿔야 합니다. 어떻게 생각하세요?<button>투표</button></div>",
        "<div>광고 해솔건설 새 아파트의 청약이 오늘부터 시작됩니다.</div>",
    )
    first, *rest = (f"<p>{text}</p>" for text in PARAGRAPHS)
    assert body(first, *others, *rest) == PARAGRAPHS


def test_a_page_without_sentences_has_no_body() -> None:
    assert (
        body("<p>메뉴</p>", "<p><a href='/1'>오늘의 소식을 전해 드립니다. 함께해요.</a></p>") == []
    )
