import pytest

from newscrawl.extract.lines import article_lines

TITLE = "온새미증권, 해외 채권 잔고 1조 넘어서"
FIRST = "온새미증권은 해외 채권 잔고가 1조240억원이라고 12일 밝혔다."
LAST = "다만 환율이 10원 움직이면 평가액이 0.7% 흔들린다."


@pytest.mark.parametrize(
    "head",
    [
        TITLE,
        "온새미증권 해외 채권 잔고, 1조 넘어서!",
        "입력 2026.11.12. 오전 10:30",
        "기사입력 : 2026-11-12 10:30:00",
        "November 12, 2026 8:41 AM EST",
        "Published 12 Nov 2026",
        "마루한 기자",
        "마루한·예소담 기자 maruhan@neoreun.example",
        "By Jane Doe",
        "관련기사",
        "Advertisement",
        "You may also like",
        "Click to tweet",
    ],
)
def test_furniture_above_the_text_goes(head: str) -> None:
    assert article_lines([head, FIRST, LAST], title=TITLE) == [FIRST, LAST]


@pytest.mark.parametrize(
    "tail",
    [
        "maruhan@neoreun.example",
        "마루한 기자 maruhan@neoreun.example",
        "ⓒ 너른통신, 무단 전재 및 재배포 금지",
        "<저작권자 ⓒ 너른통신 무단전재 및 재배포 금지>",
        "▶ 너른통신 제보하기",
        "[영상취재 길보리 영상편집 설하람]",
        "[해담매일 국하린 기자]",
        "#온새미증권 #채권",
        "Follow us on the social networks",
        "(Reporting by Jane Doe and John Roe in Haedam; Editing by Ann Poe)",
        "Jane Doe contributed reporting from Neoul.",
        "Write to Jane Doe at jane.doe@ledger.example",
        "More of this: https://ledger.example/economy",
        "Copyright 2026 The Maru Ledger. All rights reserved.",
    ],
)
def test_furniture_below_the_text_goes(tail: str) -> None:
    assert article_lines([FIRST, LAST, tail], title=TITLE) == [FIRST, LAST]


@pytest.mark.parametrize(
    "dateline",
    [
        "[서울=너른통신]마루한 기자 = ",
        "(서울=너른통신) 마루한 기자 = ",
        "[서울=너른통신] 마루한·예소담 기자 = ",
        "[서울=너른통신]마루한 예소담 기자 = ",
        "【서울=너른통신】마루한 기자 = ",
        "[너른통신 마루한 기자] ",
        "[너른통신=마루한 기자] ",
        "마루한 기자 = ",
        "[누리봄일보] ",
    ],
)
def test_a_dateline_before_the_first_words_goes(dateline: str) -> None:
    assert article_lines([dateline + FIRST], title=TITLE) == [FIRST]


@pytest.mark.parametrize(
    "text",
    [
        "[단독] 온새미증권이 새 대표를 뽑았다고 12일 밝혔다.",
        "(사진은 기사와 무관한 것이 아니라) 온새미증권은 이렇게 답했다.",
        "2026년 11월 12일 오전 10시 30분, 객장의 불이 꺼졌다.",
        "마루한 기자는 그날 객장에 있었다.",
        (
            "Read more about the firm's plan, which was published after months of work by a "
            "committee of three, and you will see why it failed."
        ),
        "By Tuesday the offer had been withdrawn. Nobody said why. The shares fell.",
    ],
)
def test_what_only_begins_like_furniture_stays(text: str) -> None:
    assert article_lines([text, LAST], title=TITLE) == [text, LAST]


def test_nothing_gives_nothing() -> None:
    assert article_lines([], title=TITLE) == []


@pytest.mark.parametrize(
    "caption",
    [
        "온새미증권 객장 모습. [사진=온새미증권 제공]",
        "온새미증권 객장 모습 (사진=너른통신)",
        "온새미증권 본사 전경. ⓒ 너른통신",
        "▲ 온새미증권 본사 전경. 온새미증권 제공",
        "사진=온새미증권",
        "온새미증권 객장 모습./사진=너른통신",
    ],
)
def test_a_caption_with_its_credit_goes_wherever_it_stands(caption: str) -> None:
    assert article_lines([FIRST, caption, LAST], title=TITLE) == [FIRST, LAST]


@pytest.mark.parametrize(
    "text",
    [
        "▲매출 1284억원 ▲영업이익 402억원이다.",
        "회사는 ⓒ 표시를 모든 화면에 붙이기로 했다고 밝혔다.",
        "온새미증권은 이 자료(사진 6장 포함)를 고객에게 먼저 보냈다고 말했다.",
    ],
)
def test_signs_of_a_caption_inside_a_sentence_make_none(text: str) -> None:
    assert article_lines([FIRST, text, LAST], title=TITLE) == [FIRST, text, LAST]


def test_a_title_in_the_middle_is_a_quotation_and_stays() -> None:
    middle = [FIRST] * 6 + [TITLE, LAST]
    assert TITLE in article_lines(middle, title=TITLE)
