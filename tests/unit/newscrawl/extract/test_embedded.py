import json

from newscrawl.extract import extract

PARAGRAPHS = [
    "너울군이 산내면에 새 도서관을 짓는다. 사업비는 128억원이고 개관은 2028년 봄이다.",
    "지하 1층, 지상 3층 건물에 책 6만 권이 들어간다. 군은 주민 4000명의 설문을 설계에 반영했다.",
    "다만 주차장은 48면에 그쳐 주말에는 버스를 늘리기로 했다고 군은 설명했다.",
]
RELATED = "다른 기사의 본문이며 이 기사보다 더 길게 쓰여 있다. " * 30
URL = "https://news.example/articles/20261112"


def page(script: str, *, body: str = "<div id='root'></div>") -> str:
    return (
        "<!doctype html><html lang='ko'><head><meta charset='utf-8'>"
        "<title>너울군, 새 도서관 짓는다 | 옛골신문</title>"
        "<meta property='og:title' content='너울군, 새 도서관 짓는다'></head>"
        f"<body>{body}{script}</body></html>"
    )


def next_data(state: object) -> str:
    return f'<script id="__NEXT_DATA__" type="application/json">{json.dumps(state)}</script>'


def test_paragraph_objects_of_a_next_page() -> None:
    contents = [{"type": "text", "value": text} for text in PARAGRAPHS]
    contents.insert(1, {"type": "photo", "value": "도서관 조감도. 너울군 제공 " * 20})
    state = {
        "props": {
            "article": {
                "title": "너울군, 새 도서관 짓는다",
                "contents": contents,
                "publishedAt": "2026-11-12T09:00:00+09:00",
                "press": {"name": "옛골신문"},
                "reporters": [{"name": "길보리 기자"}],
            },
            "related": [{"title": "다른 기사", "content": RELATED}],
        }
    }
    found = extract(page(next_data(state)), URL)
    assert found.text.split("\n\n") == PARAGRAPHS
    assert found.path == "embedded_json"
    assert found.published_at == "2026-11-12T09:00:00+09:00"
    assert (found.press, found.author) == ("옛골신문", "길보리")


def test_html_inside_a_string() -> None:
    body = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    state = {"article": {"headline": "너울군, 새 도서관 짓는다", "content": body}}
    assert extract(page(next_data(state)), URL).text.split("\n\n") == PARAGRAPHS


def test_the_stream_of_a_next_page() -> None:
    body = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    row = json.dumps({"article": {"title": "너울군, 새 도서관 짓는다", "body": body}})
    stream = f"5:{row}\n"
    half = len(stream) // 2
    pieces = "".join(
        f"<script>self.__next_f.push([1,{json.dumps(part)}])</script>"
        for part in (stream[:half] + "", stream[half:])
    )
    padded = pieces.replace("<script>", "<script>" + " " * 200)
    assert extract(page(padded), URL).text.split("\n\n") == PARAGRAPHS


def test_an_assignment_of_a_publishing_system() -> None:
    state = {
        "headlines": {"basic": "너울군, 새 도서관 짓는다"},
        "content_elements": [{"type": "text", "content": text} for text in PARAGRAPHS],
    }
    script = f"<script>Fusion.globalContent={json.dumps(state)};Fusion.other = 1;</script>"
    assert extract(page(script), URL).text.split("\n\n") == PARAGRAPHS


def test_state_that_the_page_shows_anyway_is_read_from_the_page() -> None:
    shown = "<article class='story'>" + "".join(f"<p>{t}</p>" for t in PARAGRAPHS) + "</article>"
    state = {"article": {"content": " ".join(PARAGRAPHS)}}
    found = extract(page(next_data(state), body=shown), URL)
    assert found.path != "embedded_json"
    assert found.text.split("\n\n") == PARAGRAPHS


def test_broken_json_is_passed_over() -> None:
    script = '<script type="application/json">{"content": "' + "가" * 300 + "</script>"
    assert extract(page(script), URL).text == ""


def test_json_ld_that_is_whole_and_nowhere_shown_is_taken() -> None:
    about = {
        "@graph": [
            {"@type": "WebSite", "name": "옛골신문"},
            {
                "@type": ["NewsArticle"],
                "headline": "너울군, 새 도서관 짓는다",
                "articleBody": "\n".join(PARAGRAPHS),
                "datePublished": "2026-11-12T09:00:00+09:00",
            },
        ]
    }
    script = f'<script type="application/ld+json">{json.dumps(about)}</script>'
    found = extract(page(script), URL)
    assert (found.path, found.text.split("\n\n")) == ("json_ld", PARAGRAPHS)


def test_json_ld_that_is_cut_is_not_trusted() -> None:
    cut = " ".join(PARAGRAPHS)[:100]
    about = {"@type": "NewsArticle", "headline": "너울군, 새 도서관 짓는다", "articleBody": cut}
    script = f'<script type="application/ld+json">{json.dumps(about)}</script>'
    assert extract(page(script), URL).path != "json_ld"


def test_a_state_that_is_parsed_from_a_string() -> None:
    state = {"news": {"title": "너울군, 새 도서관 짓는다", "newsContent": "\n".join(PARAGRAPHS)}}
    inner = json.dumps(json.dumps(state))
    script = f"<script>window.__INITIAL_STATE__ = JSON.parse({inner});</script>"
    assert extract(page(script), URL).text.split("\n\n") == PARAGRAPHS


def test_paragraphs_of_nested_pieces() -> None:
    blocks = [
        {"type": "paragraph", "children": [{"text": text[:20]}, {"bold": True, "text": text[20:]}]}
        for text in PARAGRAPHS
    ]
    script = next_data({"story": {"title": "너울군, 새 도서관 짓는다", "blocks": blocks}})
    assert extract(page(script), URL).text.split("\n\n") == PARAGRAPHS


def test_prose_under_a_key_that_says_nothing() -> None:
    body = "<br><br>".join(PARAGRAPHS)
    state = {"view": {"title": "너울군, 새 도서관 짓는다", "ctt": body, "summary": "가" * 900}}
    assert extract(page(next_data(state)), URL).text.split("\n\n") == PARAGRAPHS


def test_settings_and_addresses_are_no_prose() -> None:
    state = {"config": {"endpoints": "https://api.example/v1 " * 30, "text": "확인 " * 60}}
    assert extract(page(next_data(state)), URL).path != "embedded_json"
