"""States of Nuxt applications."""

import json

import pytest

from newscrawl.extract import extract
from newscrawl.extract.literals import MAX_DEPTH
from newscrawl.extract.nuxt import called_states, flat_state

TITLE = "가람은행, 소상공인 대출 금리 낮춘다"
PARAGRAPHS = (
    "가람은행은 24일 소상공인 대출 금리를 0.5%포인트 낮춘다고 밝혔다. 새 금리는 연말까지 적용된다.",
    "은행 측은 서류를 절반으로 줄이고 심사 기간도 사흘 안으로 당기겠다고 말했다. 앱에서 신청한다.",
)
BODY = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)


def page(script: str) -> str:
    return (
        f'<html lang="ko"><head><title>{TITLE}</title></head>'
        f'<body><div id="__nuxt"></div>{script}</body></html>'
    )


def test_indexes_of_a_flat_state_are_replaced_by_what_they_name() -> None:
    values = [{"data": 1}, ["ShallowReactive", 2], {"a": 3, "list": 4}, "text", [3, 5], 1.5]
    assert flat_state(values) == {"data": {"a": "text", "list": ["text", 1.5]}}


def test_a_flat_state_that_holds_itself_ends() -> None:
    assert flat_state([{"self": 0, "name": 1}, "x"]) == {"self": None, "name": "x"}


def test_a_flat_state_too_deep_is_cut() -> None:
    values = [[at + 1] for at in range(10 * MAX_DEPTH)]
    assert str(flat_state(values)).count("[") <= MAX_DEPTH + 2


@pytest.mark.parametrize("values", [[], [7], [[-1, 99, True, None]], [["Date", 1], 2]])
def test_indexes_of_nothing_are_nothing(values: list[object]) -> None:
    found = flat_state(values)
    assert found in (None, 7, [None, None, None, None])


def test_parameters_of_a_called_state_stand_for_its_arguments() -> None:
    script = (
        "window.__NUXT__=(function(a,b,c){c.x=1;return {layout:a,data:[{title:b,ok:!0,no:void 0,"
        "at:new Date(1000),list:Array(2),'quoted':\"it\\u0027s\"}]}}"
        '("default","제목",{}));'
    )
    assert list(called_states(script)) == [
        {
            "layout": "default",
            "data": [
                {
                    "title": "제목",
                    "ok": True,
                    "no": None,
                    "at": None,
                    "list": None,
                    "quoted": "it's",
                }
            ],
        }
    ]


@pytest.mark.parametrize(
    "script",
    [
        "window.__NUXT__=(function(a){return {a:a",
        "window.__NUXT__=(function(a){return {a:a}}",
        "window.__NUXT__=(function(a){return {a:(b)=>1}}(1))",
        "window.__NUXT__=(function(){})()",
        "window.__NUXT__=(function(a){return {" + "a:{" * 500 + "}}(1))",
    ],
)
def test_what_is_no_literal_is_no_state(script: str) -> None:
    assert all(state == {"a": None} for state in called_states(script))


def test_the_article_of_a_nuxt_3_page() -> None:
    state = [{"data": 1}, ["Reactive", 2], {"article-1": 3}, {"title": 4, "body": 5}, TITLE, BODY]
    script = (
        '<script type="application/json" id="__NUXT_DATA__" data-ssr="true">'
        f"{json.dumps(state, ensure_ascii=False)}</script>"
    )
    found = extract(page(script), "https://neoreun.example/1")
    assert (found.text, found.path) == ("\n\n".join(PARAGRAPHS), "embedded_json")


def test_the_article_of_a_nuxt_2_page() -> None:
    script = (
        "<script>window.__NUXT__=(function(a,b){return {data:[{article:{title:a,body:b}}],"
        f"error:null}}}}({json.dumps(TITLE)},{json.dumps(BODY).replace('<', chr(92) + 'u003C')}));"
        "</script>"
    )
    found = extract(page(script), "https://neoreun.example/1")
    assert (found.text, found.path) == ("\n\n".join(PARAGRAPHS), "embedded_json")
