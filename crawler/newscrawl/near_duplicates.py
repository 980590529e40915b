"""Wire copies: articles that share most of their text, found by MinHash and linked."""

import re
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rensa import RMinHash  # type: ignore[import-untyped]  # has no annotations

PERMUTATIONS = 128
BANDS = 32  # of 4 rows: a pair with Jaccard 0.5 meets in some band with probability 0.87, with
#             0.7 with 0.9998, with 0.2 with 0.05 (1 - (1 - s^4)^32); what meets is then checked
SEED = 1
SHINGLE_CHARS = 5  # two Korean words, about; a sentence edited at one place keeps the others
MIN_JACCARD = 0.5  # of the shingles: edited copies keep two thirds, texts on one event a tenth

_NO_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Link:
    """An article whose text is mostly that of an earlier one in the dataset's order."""

    position: int
    original: int
    similarity: float  # Jaccard of the shingles, exact


def shingles(text: str) -> set[str]:
    """Return the 5-character shingles of the letters and digits of a text."""
    letters = _NO_LETTERS.sub("", unicodedata.normalize("NFKC", text).casefold())
    last = max(1, len(letters) - SHINGLE_CHARS + 1)
    return {letters[i : i + SHINGLE_CHARS] for i in range(last)}


def near_duplicates(
    texts: Iterable[str], text_at: Callable[[int], str], *, min_jaccard: float = MIN_JACCARD
) -> list[Link]:
    """Return a link for each text that nearly repeats an earlier one; the earliest such is named.

    MinHash signatures propose pairs, the shingles themselves decide: no false link comes from a
    chance meeting of signatures.

    Args:
        texts: all texts, in order; each is needed once.
        text_at: returns the text at a position, again.
        min_jaccard: least share of common shingles.
    """
    bands = [array("q") for _ in range(BANDS)]  # 8 bytes an article and band
    rows = PERMUTATIONS // BANDS
    for text in texts:
        sketch = RMinHash(num_perm=PERMUTATIONS, seed=SEED)
        sketch.update(list(shingles(text)))  # the least hashes depend on no order
        signature = sketch.digest()
        for number, band in enumerate(bands):
            band.append(hash(tuple(signature[number * rows : (number + 1) * rows])))
    proposed: dict[int, set[int]] = defaultdict(set)
    for band in bands:
        first: dict[int, int] = {}
        for position, key in enumerate(band):
            if (earlier := first.setdefault(key, position)) != position:
                proposed[position].add(earlier)
    links = (
        _link(position, sorted(earlier), text_at, min_jaccard)
        for position, earlier in sorted(proposed.items())
    )
    return [link for link in links if link is not None]


def _link(
    position: int, candidates: Sequence[int], text_at: Callable[[int], str], min_jaccard: float
) -> Link | None:
    here = shingles(text_at(position))
    for candidate in candidates:
        there = shingles(text_at(candidate))
        similarity = len(here & there) / len(here | there)
        if similarity >= min_jaccard:
            return Link(position, candidate, similarity)
    return None
