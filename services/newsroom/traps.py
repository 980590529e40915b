"""What goes wrong on real news sites: the pages that a crawler must survive.

- no body: `/news/9001` has a title and all the furniture, and an empty body;
- gone: `/news/9002` is on the result page and answers 404;
- photo: `/news/9003` holds one caption sentence;
- moved: the result page lists article 1007 under `/old/1007`, which answers 301 to `/news/1007`;
- wire copies: 1002 and 1003 are one story under two presses with small edits;
- EUC-KR: pages of 옛골신문 are CP949. 1020 has its charset in the meta element only and a
  syllable outside EUC-KR; 1022 has a header that claims UTF-8;
- look-alikes: 1029 is about a village of a similar name, and 1028 names the securities firm in
  a photo caption only.
"""

from functools import cache

from newsroom.articles import NewsroomArticle, read_folder

NO_BODY_ID = "9001"
GONE_ID = "9002"
PHOTO_ID = "9003"
MOVED_ID = "1007"
WIRE_PAIR = ("1002", "1003")
META_CHARSET_ID = "1020"
WRONG_HEADER_ID = "1022"
LOOKALIKE_ID = "1029"
CAPTION_ONLY_ID = "1028"


@cache
def load() -> tuple[NewsroomArticle, ...]:
    """Return the pages that are no articles: without a body, gone, and a photo with a caption."""
    return read_folder("traps")


def listed_path(article: NewsroomArticle) -> str:
    """Return the path under which the result page lists an article."""
    return f"/old/{article.id}" if article.id == MOVED_ID else article.path


def content_type(article: NewsroomArticle) -> str:
    """Return the Content-Type header of an article's page, wrong or bare where that is the trap."""
    if article.id == WRONG_HEADER_ID:
        return "text/html; charset=utf-8"
    if article.publisher.charset != "utf-8":
        return "text/html"
    return "text/html; charset=utf-8"
