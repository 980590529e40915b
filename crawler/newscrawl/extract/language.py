"""The language of a text."""

import re

from resiliparse.parse.lang import detect_fast

HANGUL_MIN_RATIO = 0.3  # of the letters; Korean news quotes Latin names and keeps above it
DETECT_MAX_RANK = 1000  # resiliparse's distance; above it its guess is none

_HANGUL = re.compile(r"[가-힣]")
_OTHER_LETTERS = re.compile(r"[^\W\d_가-힣]")


def language_of(text: str, *, stated: str | None) -> str | None:
    """Return the ISO 639-1 code: Hangul decides, then what the page states, then detection.

    A page that states Korean and shows no Hangul is taken for what it is: the English edition of
    a Korean publisher.
    """
    hangul = len(_HANGUL.findall(text))
    letters = hangul + len(_OTHER_LETTERS.findall(text))
    if not letters:
        return stated
    if hangul >= HANGUL_MIN_RATIO * letters:
        return "ko"
    if stated and stated != "ko":
        return stated
    code, rank = detect_fast(text)
    return str(code) if rank <= DETECT_MAX_RANK else None
