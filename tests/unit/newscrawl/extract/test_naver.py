from collections.abc import Callable

import pytest

from newscrawl.extract import Extracted, extract

Page = Callable[[str], str]

TODAY = "https://n.news.naver.com/mnews/article/901/0000012345"


@pytest.fixture
def today(stored_page: Page) -> Extracted:
    return extract(stored_page("naver_2026"), TODAY)


def test_the_body_is_paragraphs_without_captions_tables_videos_summary_and_byline(
    today: Extracted,
) -> None:
    assert today.text.split("\n\n") == [
        (
            "온새미증권은 지난달 말 해외 채권 잔고가 1조240억원으로 집계됐다고 12일 밝혔다. "
            "1년 전보다 71% 늘어난 규모다."
        ),
        "개인이 64%를 샀다",
        (
            "개인 투자자의 비중은 64%로 3년 전 38%에서 크게 뛰었다. "
            "회사는 최소 거래 단위를 100달러로 낮춘 것이 주효했다고 설명했다."
        ),
        (
            "만기는 3년 미만이 55%였다. 도해랑 채권부장은 “금리 100% 반영을 기다리기보다 "
            "만기를 나누는 손님이 늘었다”고 말했다."
        ),
        "다만 환율이 10원 움직이면 평가액이 0.7% 흔들리는 점은 부담이다.",
    ]


def test_the_facts_of_todays_layout(today: Extracted) -> None:
    assert today.title == "온새미증권, 해외 채권 잔고 1조 넘어서"
    assert today.published_at == "2026-11-12T10:30:00+09:00"
    assert today.modified_at == "2026-11-12T11:05:00+09:00"
    assert today.press == "너른통신"
    assert today.author == "마루한, 예소담"
    assert today.section == "경제"
    assert today.language == "ko"
    assert today.original_url == "https://neoreun.example/view?id=77&from=nv"
    assert today.canonical_url == "https://n.news.naver.com/article/901/0000012345"
    assert today.path == "naver"
    assert not today.is_photo


def test_the_layout_of_2022_keeps_its_title_in_the_heading_itself(stored_page: Page) -> None:
    found = extract(
        stored_page("naver_2022"), "https://n.news.naver.com/article/902/0000054321?sid=101"
    )
    assert found.title == '가람솔투자증권 "배당 성향 35%로"'
    assert found.text.startswith("가람솔투자증권이 올해 배당 성향을")
    assert found.text.endswith("아쉬워했다.")
    assert found.author == "탁이안"  # from the byline after the body
    assert found.section == "경제"  # from the script's section number
    assert found.modified_at is None


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("naver_2026", TODAY),
        ("naver_2022", "https://n.news.naver.com/article/902/0000054321"),
        ("naver_legacy", "https://news.naver.com/main/read.nhn?oid=903&aid=0000000003"),
        ("naver_sports", "https://m.sports.naver.com/article/904/0000000004"),
    ],
)
def test_each_layout_gives_its_article_and_nothing_else(
    name: str, url: str, stored_page: Page, stored_text: Page
) -> None:
    assert extract(stored_page(name), url).text == stored_text(name)


def test_the_layout_before_2022(stored_page: Page) -> None:
    found = extract(
        stored_page("naver_legacy"),
        "https://news.naver.com/main/read.nhn?mode=LSD&mid=sec&oid=903&aid=0000000003",
    )
    assert found.path == "naver_legacy"
    assert found.title == "노을결바이오, 임상 2상 마쳐"
    assert found.text.split("\n\n") == [
        (
            "안과 질환 치료제를 개발하는 노을결바이오가 임상 2상을 마쳤다고 20일 공시했다. "
            "환자 128명이 참여했다."
        ),
        (
            "회사는 9월까지 결과를 정리해 규제 기관에 낸다. "
            '설이든 대표는 "다음 단계 비용은 이미 마련했다"고 했다.'
        ),
    ]
    assert found.published_at == "2019-05-20T15:07:00+09:00"
    assert found.press == "해담매일"
    assert found.original_url == "https://haedam.example/bio/3"


def test_a_sports_page_is_found_by_the_prefix_of_its_hashed_classes(stored_page: Page) -> None:
    found = extract(
        stored_page("naver_sports"), "https://m.sports.naver.com/article/904/0000000004"
    )
    assert found.path == "naver_entertain"
    assert found.title == "산들여고, 가을리그 결승서 역전 우승"
    assert found.text.startswith("두 세트를 먼저 내주고")
    assert "우승한 선수들" not in found.text
    assert found.published_at == "2026-11-08T21:12:00+09:00"
    assert found.press == "새벽너울뉴스"


def test_a_page_whose_body_moved_gives_no_text_rather_than_a_guess(stored_page: Page) -> None:
    page = stored_page("naver_2026").replace("dic_area", "x1").replace("newsct_article", "x2")
    found = extract(page, TODAY)
    assert (found.text, found.path) == ("", "naver")


def test_a_picture_with_a_sentence_is_a_photo(stored_page: Page) -> None:
    page = stored_page("naver_2026")
    head, rest = page.split("<!-- r_start //-->")
    _, tail = rest.split("<!-- r_end //-->")
    caption = '<span class="end_photo_org"><img src="1.jpg"></span>여의도에 눈이 내리고 있다.'
    assert extract(head + caption + tail, TODAY).is_photo


def test_scripts_and_comments_in_a_body_do_not_end_it(stored_page: Page) -> None:
    page = stored_page("naver_2026").replace(
        "다만 환율이", "<![[IMAGE1]]><script>var s = '</ar' + 'ticle>';</script>다만 환율이"
    )
    assert extract(page, TODAY).text.endswith("부담이다.")


def test_per_cent_signs_and_single_letters_survive(stored_page: Page) -> None:
    page = stored_page("naver_2026").replace(
        "다만 환율이", "n분의 1과 t검정에서도 5%였다. 다만 환율이"
    )
    assert "n분의 1과 t검정에서도 5%였다." in extract(page, TODAY).text
