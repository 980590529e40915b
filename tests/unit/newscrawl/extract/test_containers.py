import pytest

from newscrawl.extract.containers import NAMES


@pytest.mark.parametrize(
    "name",
    [
        "article-view-content-div",
        "articleBody",
        "article_body",
        "articleBodyContents",
        "articletxt",
        "article_txt",
        "articleText",
        "newsBody",
        "news_body_area",
        "news_body_id",
        "news_text",
        "news-txt",
        "news_article",
        "news_cnt_detail_wrap",
        "news_cont",
        "cont_newstext",
        "textBody",
        "readBody",
        "detail-body",
        "view_con",
        "view_contents",
        "view_txt",
        "viewer",
        "gisaview",
        "story-news",
        "entry-content",
        "post-content",
        "CmAdContent",
        "NwsCon",
        "rns_text",
    ],
)
def test_names_of_a_body(name: str) -> None:
    assert NAMES.match(name)


@pytest.mark.parametrize(
    "name",
    ["content", "news", "article", "view", "news_list", "article_photo", "comment-body",
     "news_header", "related_article", "view_title", "sub_content", "main", "newsletter", "text"],
)  # fmt: skip
def test_names_of_something_else(name: str) -> None:
    assert not NAMES.match(name)
