"""The language of a text."""

from resiliparse.parse.lang import detect_fast

HANGUL_MIN_RATIO = 0.3  # of the letters; Korean news quotes Latin names and keeps above it
DETECT_MAX_RANK = 1000  # resiliparse's distance; above it its guess is none


def language_of(text: str, *, stated: str | None) -> str | None:
    """Return the ISO 639-1 code: Hangul decides, then what the page states, then detection.

    A page that states Korean and shows no Hangul is taken for what it is: the English edition of
    a Korean publisher.
    """
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return stated
    hangul = sum("가" <= c <= "힣" for c in letters)
    if hangul >= HANGUL_MIN_RATIO * len(letters):
        return "ko"
    if stated and stated != "ko":
        return stated
    code, rank = detect_fast(text)
    return str(code) if rank <= DETECT_MAX_RANK else None
