"""How much an article is about a keyword, and why."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# A match in the title makes an article about the keyword; one in the opening says that it plays a
# part; the rest of the body counts up to three times, after which more adds nothing.
TITLE_WEIGHT = 0.5
LEAD_WEIGHT = 0.2
BODY_WEIGHT = 0.3
FULL_BODY_MATCHES = 3
LEAD_PARAGRAPHS = 2
COMPOUND_WEIGHT = 0.5  # 온새미증권노조: a word made with the keyword is about a neighbour of it

# What may follow a noun in Korean without a space, as a grammar and not a list of all its
# combinations: a plural or "the firm's side", a particle of case or the verb "to be", one of degree
# before it and up to two behind it ("들만으로는", "에서까지도").
_SUFFIX = "들|측|씨"
_CASE = (
    "이|가|을|를|의|와|과|에|로|으로|께|에서|에게|한테|께서|로서|으로서|로써|으로써|에게서|한테서|에서부터"
    "|로부터|으로부터|이랑|랑|하고|처럼|같이|보다|만큼|대로|마다|커녕|밖에|엔|에선|에겐|론|으론|이나|나"
)
_TO_BE = (
    "이다|이며|이고|이라|이란|이든|이던|이자|인|인데|인지|이었다|이었던|이었고|이었으며|였다|였던|였고|였으며"
    "|이지만|이므로|입니다|라|란|며|고|이?라고|이?라는|이?라며|이?라서|이?라면"
)
_EMPHASIS = "은|는|도|의|이|을|뿐|이?라도"
_DEGREE = "만|까지|부터|조차|마저"
_PARTICLE = rf"(?:{_SUFFIX})?(?:{_DEGREE})?(?:{_CASE}|{_TO_BE})?(?:{_DEGREE}|{_EMPHASIS}){{0,2}}"
_HANGUL = "가-힣"


@dataclass(frozen=True, slots=True)
class Relevance:
    """How much an article is about a keyword."""

    score: float  # 0 to 1, in thousandths
    reason: str  # such as "title; opening; 5 in the text"
    keyword: str | None  # the form that matched most, None where none did

    def as_dict(self) -> dict[str, object]:
        """Return the fields for the dataset."""
        return {"score": self.score, "reason": self.reason, "keyword": self.keyword}


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword, or another name for the same thing, as the pattern that finds it."""

    text: str
    pattern: re.Pattern[str]


def keyword(text: str) -> Keyword:
    """Return a keyword that is found in any spacing and case, as a word or with a particle.

    Letters before it make another word, so 증권 is not found in 온새미증권; a particle after it
    does not. Anything else behind it is a compound, which the group of that name says.
    """
    letters = [re.escape(c) for c in _normal(text) if not c.isspace()]
    body = r"\s?".join(letters)
    return Keyword(
        text,
        re.compile(
            rf"(?<![{_HANGUL}a-z0-9]){body}"
            rf"(?:{_PARTICLE}(?![{_HANGUL}a-z0-9])|(?P<compound>[{_HANGUL}]))"
        ),
    )


def relevance(title: str, text: str, keywords: Sequence[Keyword]) -> Relevance:
    """Return how much an article is about any of the keywords: the best of them.

    0.5 for the title, 0.2 for the first two paragraphs, and 0.1 for each match in the text up to
    three; a compound counts half.
    """
    found = [_relevance(_normal(title), _normal(text), k) for k in keywords]
    return max(found, key=lambda r: r.score, default=Relevance(0.0, "no keyword", None))


def _relevance(title: str, text: str, word: Keyword) -> Relevance:
    lead = "\n\n".join(text.split("\n\n")[:LEAD_PARAGRAPHS])
    in_title = _best(word, title)
    in_lead = _best(word, lead)
    matches = [_weight(m) for m in word.pattern.finditer(text)]
    in_text = min(1.0, sum(matches) / FULL_BODY_MATCHES)
    score = round(TITLE_WEIGHT * in_title + LEAD_WEIGHT * in_lead + BODY_WEIGHT * in_text, 3)
    if not score:
        return Relevance(0.0, "not in title or text", None)
    reasons = [name for name, weight in (("title", in_title), ("opening", in_lead)) if weight]
    reasons.append(f"{len(matches)} in the text")
    return Relevance(score, "; ".join(reasons), word.text)


def _best(word: Keyword, text: str) -> float:
    return max((_weight(m) for m in word.pattern.finditer(text)), default=0.0)


def _weight(match: re.Match[str]) -> float:
    return COMPOUND_WEIGHT if match["compound"] else 1.0


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
