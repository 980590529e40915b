"""What extraction makes of one page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """The article of a page; what the page does not say is None, a text it does not hold is ""."""

    title: str
    text: str  # paragraphs separated by one blank line, NFC
    path: str  # what produced the text, one of PATHS
    published_at: str | None = None  # ISO 8601 with zone
    modified_at: str | None = None  # ISO 8601 with zone
    press: str | None = None
    author: str | None = None  # several names are separated by ", "
    section: str | None = None
    language: str | None = None  # ISO 639-1
    canonical_url: str | None = None  # the address that the page calls its own
    original_url: str | None = None  # the publisher's page, where this one is a portal's copy
    is_photo: bool = False  # a picture with its caption, no article
    is_paywalled: bool = False  # the page says that the text is for subscribers


NOTHING = "none"
PATHS = (
    "naver",  # the site rule of n.news.naver.com
    "naver_entertain",  # of its sports and entertainment hosts
    "naver_legacy",  # of its layouts before 2022
    "embedded_json",  # the state of a script application, which the page's own HTML does not show
    "json_ld",  # schema.org articleBody, whole, which the page's own HTML does not show
    "container",  # the body element of Korean publishing systems
    "breaks",  # an element whose paragraphs are parted by line breaks
    "library",  # trafilatura
    "blocks",  # the element whose blocks hold most sentences, where trafilatura found no text
    "rescue",  # readability, where trafilatura lost most of the text
    NOTHING,
)
