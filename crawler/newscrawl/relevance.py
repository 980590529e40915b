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

# What may follow a noun in Korean without a space, longest first so that 에서는 is not read as 에.
PARTICLES = (
    "으로서는", "으로부터", "에서부터", "에게서는", "이라고는", "에서는", "에서도", "에게는",
    "에게도", "이라며", "이라고", "이라는", "으로는", "으로도", "으로서", "으로써", "까지는",
    "부터는", "보다는", "라고는", "에서의", "만으로", "조차도", "이었던", "이었다", "이지만",
    "이므로", "에서", "에게", "에도", "에는", "에의", "와의", "과의", "이나", "이라", "이란",
    "이며", "이고", "이다", "이든", "으로", "로서", "로써", "로는", "로도", "로의", "까지",
    "부터", "보다", "처럼", "마다", "조차", "만은", "만의", "만이", "만을", "라며", "라고",
    "라는", "라도", "였다", "들이", "들은", "들을", "들의", "들도", "은", "는", "이", "가",
    "을", "를", "에", "의", "와", "과", "도", "로", "만", "나", "라", "며", "고", "께", "측",
    "씨", "인",
)  # fmt: skip
_PARTICLE = "|".join(sorted(PARTICLES, key=len, reverse=True))
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
            rf"(?:(?:{_PARTICLE})?(?![{_HANGUL}a-z0-9])|(?P<compound>[{_HANGUL}]))"
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
