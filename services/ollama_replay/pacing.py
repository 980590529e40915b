"""When the chunks of an answer leave: exact integers from a timeline, a seed and a request's index.

Jitter is drawn once, at the start, into a ring; each request begins at its own place in it. So a
gap costs an addition while streams run, and every plan can be computed again afterwards.
"""

from collections.abc import Iterator
from random import Random

from ollama_replay.script import Timeline, ns

RING = 8191  # draws; a prime, so that it beats against no round number of chunks
MASK = (1 << 64) - 1


def mixed(seed: int, index: int) -> int:
    """Return 64 bits that look random, from a seed and an index.

    Source:
        The finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
        generators, 2014).
    """
    z = (seed * 0x9E3779B97F4A7C15 + (index + 1) * 0xD1342543DE82EF95) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


class Pacing:
    """The gaps and chunk sizes of a timeline; the same for the same seed."""

    __slots__ = ("_align_ns", "_first_jitter_ns", "_gaps_ns", "_jitter_ns", "_seed", "_sizes")

    def __init__(self, timeline: Timeline, seed: int) -> None:
        self._seed = seed
        self._gaps_ns = tuple(ns(gap_s) for gap_s in timeline.gaps)
        most_ns = ns(timeline.jitter_s)
        draw = Random(seed)
        self._jitter_ns = tuple(
            draw.randint(-most_ns, most_ns) if most_ns else 0 for _ in range(RING)
        )
        self._first_jitter_ns = ns(timeline.first_chunk_jitter_s)
        self._align_ns = ns(timeline.align_s)
        self._sizes = timeline.tokens_per_chunk

    def place(self, index: int) -> int:
        """Return where a request begins in the ring of jitter."""
        return mixed(self._seed, index) % RING

    def gap_ns(self, place: int, number: int) -> int:
        """Return the gap before chunk `number`, which is 1 or more."""
        gaps = self._gaps_ns
        before = number - 1
        return gaps[before % len(gaps)] + self._jitter_ns[(place + before) % RING]

    def offsets_ns(self, place: int, chunks: int) -> Iterator[int]:
        """Yield when each chunk leaves, counted from the first: 0 and then ascending."""
        offset_ns = 0
        for number in range(chunks):
            if number:
                offset_ns += self.gap_ns(place, number)
            yield offset_ns

    def span_ns(self, place: int, chunks: int) -> int:
        """Return the time from the first of so many chunks to the last."""
        return sum(self.gap_ns(place, number) for number in range(1, chunks))

    def first_jitter_ns(self, index: int) -> int:
        """Return how much earlier or later than told the first chunk leaves."""
        width = 2 * self._first_jitter_ns + 1
        return mixed(self._seed ^ MASK, index) % width - self._first_jitter_ns

    def aligned_ns(self, at_ns: int) -> int:
        """Return `at_ns`, or the next multiple of the alignment where the timeline has one."""
        return at_ns if not self._align_ns else -(-at_ns // self._align_ns) * self._align_ns

    def size(self, number: int) -> int:
        """Return the tokens of chunk `number`, before the last one is cut to what is left."""
        return self._sizes[number % len(self._sizes)]

    def chunks(self, tokens: int) -> int:
        """Return how many chunks hold so many tokens."""
        whole, left = divmod(tokens, sum(self._sizes))
        count = whole * len(self._sizes)
        for size in self._sizes:
            if left <= 0:
                break
            count, left = count + 1, left - size
        return count
