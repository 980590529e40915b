"""From a page to its article: the ways in their order, and the facts beside the text."""

import re
from collections.abc import Sequence

from lxml.html import HtmlElement

from newscrawl.extract.bodies import body_in_breaks
from newscrawl.extract.boxes import without_boxes
from newscrawl.extract.containers import named_body
from newscrawl.extract.embedded import Body, embedded_body
from newscrawl.extract.extracted import NOTHING, Extracted
from newscrawl.extract.fragments import parse_page
from newscrawl.extract.json_ld import described_article, whole_body
from newscrawl.extract.language import language_of
from newscrawl.extract.lines import article_lines
from newscrawl.extract.main_text import main_text
from newscrawl.extract.metadata import Facts, page_facts
from newscrawl.extract.naver import is_naver_page, read_naver

PROBE_CHARS = 24  # of each sampled paragraph; enough to be unique on a page
PROBES = 8
PHOTO_MAX_CHARS = 200  # a caption is a sentence or two
SHOWN_MIN_RATIO = 0.5  # of the sampled paragraphs; fewer means that the page does not show the text

_NO_LETTERS = re.compile(r"[\W_]+")
_PHOTO_TITLE = re.compile(r"^\W*(?:\w+\s)?(?:포토\w*|사진|화보|photo)\s*[\]>)】|:]", re.IGNORECASE)


def extract_article(html: str, url: str) -> Extracted:
    """Return the article of a page.

    In this order: a site rule; embedded JSON or JSON-LD whose text the page's own HTML does not
    show; the body element of Korean publishing systems; the element whose paragraphs are parted by
    line breaks; trafilatura with a rescue. Line filters then take away what is no text.
    """
    if is_naver_page(url):
        return read_naver(html, url)
    tree = parse_page(html)
    if tree is None:
        return Extracted(title="", text="", path=NOTHING)
    described = described_article(tree)
    facts = page_facts(tree, described, url)
    lines, path, body = _lines(html, tree, url, described, facts)
    lines = article_lines(lines, title=facts.title)
    if body is not None:
        facts = facts.filled_from(body.record)
    text = "\n\n".join(lines)
    return Extracted(
        title=facts.title,
        text=text,
        path=path if text else NOTHING,
        published_at=facts.published_at,
        modified_at=facts.modified_at,
        press=facts.press,
        author=facts.author,
        section=facts.section,
        language=language_of(text, stated=facts.stated_language),
        canonical_url=facts.canonical_url,
        is_photo=len(text) <= PHOTO_MAX_CHARS and bool(_PHOTO_TITLE.match(facts.title)),
        is_paywalled=facts.is_paywalled,
    )


def _lines(
    html: str, tree: HtmlElement, url: str, described: dict[str, object], facts: Facts
) -> tuple[list[str], str, Body | None]:
    main = main_text(html)
    shown = _squeezed(main)
    embedded = embedded_body(tree, page_title=facts.title, shown=main)
    if embedded is not None and not _is_shown(embedded.paragraphs, shown):
        return list(embedded.paragraphs), "embedded_json", embedded
    stated = [line for part in whole_body(described).splitlines() if (line := part.strip())]
    if stated and not _is_shown(stated, shown):
        return stated, "json_ld", None
    if facts.stated_language == "ko" and (lines := named_body(tree, main_chars=len(main))):
        return lines, "container", None
    lines = body_in_breaks(tree)
    # A reader's comment can be the longest text with line breaks; it is no main text.
    if lines and _is_shown(lines, shown):
        return lines, "breaks", None
    from newscrawl.extract.library import library_lines  # lazy: half a second, 25 MB

    is_korean = facts.stated_language == "ko"
    lines, path = library_lines(html, tree, url, seen_chars=len(main), is_korean=is_korean)
    if is_korean:
        lines = without_boxes(lines, tree)
    return lines, path, None


def _is_shown(paragraphs: Sequence[str], shown: str) -> bool:
    """Return whether the page's visible text holds at least half of the sampled paragraphs."""
    long = [s for p in paragraphs if len(s := _squeezed(p)) >= PROBE_CHARS]
    step = max(1, len(long) // PROBES)
    probes = [p[:PROBE_CHARS] for p in long[::step]]
    return bool(probes) and sum(p in shown for p in probes) >= SHOWN_MIN_RATIO * len(probes)


def _squeezed(text: str) -> str:
    return _NO_LETTERS.sub("", text)
