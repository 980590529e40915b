"""Pages in the forms that Korean publishers use, around one fictional article."""

import json

import pytest

from newscrawl.extract import extract

TITLE = "가람은행, 소상공인 대출 금리 0.5%p 낮춘다…연말까지 한시 적용"
TEXT = (
    (
        "가람은행은 24일 서울 중구 본점에서 기자간담회를 열고 소상공인 대출 금리를 연 0.5%포인트 "
        "낮춘다고 밝혔다. 새 금리는 다음 달 1일부터 연말까지 한시적으로 적용된다."
    ),
    (
        "은행 측은 매출이 줄어든 음식점과 숙박업소, 소매점 등을 우선 지원 대상으로 삼았다. 업력 "
        "1년 이상이고 연 매출 10억원 이하인 사업자라면 영업점이나 모바일 앱에서 신청할 수 있다."
    ),
    (
        "김한별 가람은행 부행장은 “지역 상권이 살아야 은행도 산다”며 “서류를 절반으로 줄이고 심사 "
        "기간도 사흘 안으로 당기겠다”고 말했다."
    ),
    (
        "업계에서는 이번 조치로 연간 320억원가량의 이자 부담이 줄어들 것으로 내다봤다. 다만 한시 "
        "적용이라 내년 이후 상환 부담이 다시 커질 수 있다는 지적도 나온다."
    ),
    (
        "가람은행은 다음 달 중순 전국 15개 지점에서 찾아가는 상담 창구를 운영할 계획이다. 상담 "
        "일정은 누리집에서 확인할 수 있다."
    ),
)
CAPTION = "가람은행 본점 전경. 가람은행 제공"
OTHERS = ("달빛카드, 전통시장 할인 행사 연다", "새터저축은행 예금 금리 연 4%대로")
MAIL = "sr.park@neoreun.example"

MENU = "<header><ul>" + "".join(
    f"<li><a href='/{name}'>{name}</a></li>" for name in ["정치", "경제", "사회", "국제", "문화"]
)
MENU += "</ul></header>"
LINKS = "".join(f"<li><a href='/{at}'>{title}</a></li>" for at, title in enumerate(OTHERS))
ASIDE = f"<aside><h3>많이 본 뉴스</h3><ol>{LINKS}</ol><ins>광고</ins></aside>"
HEAD = (
    f"<div class='article_head'><h1>{TITLE}</h1><span>박새론 기자</span>"
    "<span>입력 2026.11.24 10:30</span><div class='sns'><a>공유하기</a><a>프린트</a></div></div>"
)
TAIL = (
    f"<div class='reporter_box'><strong>박새론 기자</strong><em>{MAIL}</em><p>금융부에서 은행을 "
    "취재합니다. 제보를 기다립니다.</p></div>"
    f"<div class='relation_news'><h4>관련기사</h4><ul>{LINKS}</ul></div>"
    "<p class='copyright'>ⓒ 너른통신, 무단전재 및 재배포 금지</p>"
    "<div id='comment'><p>금리를 낮춰 준다니 다행입니다. 우리 가게도 신청하려고 합니다.</p></div>"
)
FOOT = (
    "<footer><address>서울특별시 중구 새터로 12</address><p>너른통신의 모든 콘텐츠는 저작권법의 "
    "보호를 받으며 무단 전재, 복사, 배포를 금합니다.</p></footer>"
)


def page(main: str, *, script: str = "", head: str = "", language: str = "ko") -> str:
    return (
        f"<!DOCTYPE html><html lang='{language}'><head><meta charset='utf-8'><title>{TITLE}</title>"
        f"<meta property='og:title' content='{TITLE}'>{head}</head>"
        f"<body>{MENU}<div id='container'>{main}{ASIDE}</div>{FOOT}{script}</body></html>"
    )


def paragraphs(texts: tuple[str, ...] = TEXT) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def breaks(texts: tuple[str, ...] = TEXT) -> str:
    return "<br><br>".join(texts)


def article(body: str) -> str:
    return page(f"{HEAD}{body}{TAIL}")


def state(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


PAGES = {
    "a portal's sections": page(
        f"<h3 class='tit_view'>{TITLE}</h3><div class='news_view'><div class='article_view'>"
        "<p><strong class='summary_view'>연말까지 인하<br>서류도 절반으로</strong></p>"
        f"<figure><img><figcaption class='txt_caption'>{CAPTION}</figcaption></figure>"
        f"<p dmcf-ptype='general'>[서울=너른통신] 박새론 기자 = {TEXT[0]}</p>"
        + paragraphs(TEXT[1:])
        + f"<p>박새론 기자 {MAIL}</p></div></div>"
        "<p class='txt_copyright'>Copyright © 너른통신. 무단전재 및 재배포 금지.</p>"
    ),
    "breaks in articleBody": article(
        f"<div id='articleBody'><div class='photo_area'><img><em class='img_desc'>{CAPTION}</em>"
        f"</div>[서울=너른통신] 박새론 기자 = {breaks()}<br><br>{MAIL}<br><br>"
        "▶ 제보는 카카오톡 @너른통신<br><br>ⓒ 너른통신, 무단전재 및 재배포 금지</div>"
    ),
    "itemprop": article(
        f"<div itemprop='articleBody'><figure><figcaption>▲ {CAPTION}</figcaption></figure>"
        f"{paragraphs()}<p>박새론 기자 {MAIL}</p>"
        "<p>&lt;저작권자 ⓒ 너른통신, 무단 전재 및 재배포 금지&gt;</p></div>"
    ),
    "single breaks": article(f"<div itemprop='articleBody'>{'<br>'.join(TEXT)}<br>{MAIL}</div>"),
    "tables of old": page(
        f"<table><tr><td><b>{TITLE}</b></td></tr><tr><td>2026-11-24 10:30 | 박새론기자</td></tr>"
        f"<tr><td id='NewsContent'><table><tr><td><img></td></tr>"
        f"<tr><td>{CAPTION}</td></tr></table>"
        f"{breaks()}<br><br><a href='mailto:{MAIL}'>{MAIL}</a></td></tr></table>",
        language="",
    ),
    "a local paper's system": page(
        "<section><article id='article-view'><header class='article-view-header'>"
        f"<h3 class='heading'>{TITLE}</h3><h4 class='subheading'>연말까지<br>서류도 절반으로</h4>"
        "<ul><li>박새론 기자</li><li>입력 2026.11.24 10:30</li><li>댓글 0</li></ul></header>"
        "<article id='article-view-content-div' class='article-veiw-body' itemprop='articleBody'>"
        f"<figure class='photo-layout'><img><figcaption>{CAPTION}</figcaption></figure>"
        f"<p>[너른통신 박새론 기자] {TEXT[0]}</p>{paragraphs(TEXT[1:])}"
        "<div class='view-copyright'>저작권자 © 너른통신 무단전재 및 재배포 금지</div>"
        f"<div class='view-editors'><div class='writer'><strong>박새론 기자</strong><a>{MAIL}</a>"
        "<a>다른기사 보기</a></div></div></article></article></section>"
    ),
    "a div a paragraph": article(
        f"<div class='article_txt'><div class='img_caption'>{CAPTION}</div>"
        + "".join(f"<div class='txt'>{text}</div>" for text in TEXT)
        + f"<div class='txt'>박새론 기자 {MAIL}</div></div>"
    ),
    "blank lines under a style": article(
        "<div id='cont_newstext' style='white-space:pre-line'>" + "\n\n".join(TEXT) + "</div>"
    ),
    "related links between paragraphs": article(
        f"<div class='article-body'>{paragraphs(TEXT[:2])}<p class='caption'>{CAPTION}</p>"
        f"<div class='box_relate'><strong>[관련기사]</strong><a>{OTHERS[0]}</a><br>"
        f"<a>{OTHERS[1]}</a></div>{paragraphs(TEXT[2:])}</div>"
    ),
    "scripts and a widget of recommendations": article(
        "<div id='articlebody'>"
        + "<script>ad();</script>".join(f"<p>{text}</p>" for text in TEXT)
        + "<div id='dablewidget'>추천 콘텐츠</div></div>"
    ),
    "sources at the end": article(
        f"<div id='article_body'>{breaks()}<br><br>[출처] 너른통신<br>[박새론 {MAIL}]</div>"
    ),
    "an agency": article(
        "<article class='story-news'><div class='photo-group'><figure><figcaption><strong>가람은행"
        "</strong>[너른통신 자료사진]</figcaption></figure></div>"
        f"<p>(서울=너른통신) 박새론 기자 = {TEXT[0]}</p>{paragraphs(TEXT[1:])}<p>{MAIL}</p>"
        "<p class='txt-copyright'>&lt;저작권자(c) 너른통신, 무단 전재-재배포, AI 학습 및 활용 금지"
        "&gt;<span>2026/11/24 10:30 송고</span></p></article>"
    ),
    "hashed classes around a plain one": article(
        f"<div class='View_detail__x1'><div class='article-text'>{paragraphs()}</div></div>"
    ),
    "hashed classes alone": article(f"<div class='View_detail__x1'>{paragraphs()}</div>"),
    "Arc Fusion": page(
        "<div id='fusion-app'></div>",
        script="<script>window.Fusion=window.Fusion||{};Fusion.globalContent="
        + state(
            {
                "type": "story",
                "headlines": {"basic": TITLE},
                "content_elements": [
                    {"type": "image", "caption": CAPTION},
                    *({"type": "text", "content": text} for text in TEXT),
                    {"type": "raw_html", "content": "<div>광고</div>"},
                ],
            }
        )
        + ";Fusion.spa=false;</script>",
    ),
    "Next.js": page(
        "<div id='__next'></div>",
        script="<script id='__NEXT_DATA__' type='application/json'>"
        + state(
            {
                "props": {
                    "article": {"title": TITLE, "content": f"{paragraphs()}<p>{MAIL}</p>"},
                    "related": [{"title": OTHERS[0], "content": "<p>다른 기사다. 길다.</p>" * 9}],
                }
            }
        )
        + "</script>",
    ),
    "a cache of queries": page(
        "<div id='app'></div>",
        script="<script>window.__APOLLO_STATE__="
        + state({"Article:1": {"title": TITLE, "contentHtml": paragraphs()}})
        + "</script>",
    ),
    "JSON-LD alone": page(
        f"<h1>{TITLE}</h1><p>{TEXT[0][:40]}...</p>",
        head="<script type='application/ld+json'>"
        + state({"@type": "NewsArticle", "headline": TITLE, "articleBody": "\n".join(TEXT)})
        + "</script>",
    ),
}


@pytest.mark.parametrize("form", PAGES)
def test_the_article_and_nothing_else_is_read_with_its_paragraphs(form: str) -> None:
    found = extract(PAGES[form], "https://www.neoreun.example/news/articleView.html?idxno=1")
    assert found.text.split("\n\n") == list(TEXT)
    assert found.title == TITLE
