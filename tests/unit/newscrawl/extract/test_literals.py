"""Values in scripts that are no JSON."""

import pytest

from newscrawl.extract import extract
from newscrawl.extract.literals import assigned_values

TITLE = "가람은행, 소상공인 대출 금리 낮춘다"
PARAGRAPHS = (
    "가람은행은 24일 소상공인 대출 금리를 0.5%포인트 낮춘다고 밝혔다. 연말까지 적용된다.",
    "은행 측은 ‘서류를 절반으로 줄이고 심사 기간도 사흘 안으로 당기겠다’고 말했다. 앱으로 한다.",
)


def test_keys_may_be_bare_or_in_single_quotes() -> None:
    script = "var a = 1; var article = {title: 'it\\'s \"so\"', 'n': -1.5, list: [1, , true],};"
    assert list(assigned_values("x = {a: 'b', 'n': -1.5, list: [1, true], }; y = {\"j\": 1}")) == [
        {"a": "b", "n": -1.5, "list": [1, True]}
    ]
    assert list(assigned_values(script)) == []  # a hole in a list is no literal that we read


def test_quotes_and_escapes_within_a_string() -> None:
    (value,) = assigned_values("v = {text: 'it\\'s \"so\"\\nand \\u00e9'}")
    assert value == {"text": 'it\'s "so"\nand é'}


def test_what_stands_within_another_is_not_told_twice() -> None:
    assert list(assigned_values("v = {a: {b: 1}}; w = {c: 2}")) == [{"a": {"b": 1}}, {"c": 2}]


@pytest.mark.parametrize(
    "script", ["v = {a: ", "v = {a: function(){}}", "v = {a: `x`}", "v = {a: 1 + }", "v = {a"]
)
def test_code_is_passed_over(script: str) -> None:
    assert list(assigned_values(script)) == []


def test_the_article_of_a_page_that_assigns_it() -> None:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    page = (
        f'<html lang="ko"><head><title>{TITLE}</title></head><body><div id="app"></div>'
        f"<script>var articleData = {{title: '{TITLE}', content: '{body}', views: 3}};</script>"
        "</body></html>"
    )
    found = extract(page, "https://neoreun.example/1")
    assert (found.text, found.path) == ("\n\n".join(PARAGRAPHS), "embedded_json")
