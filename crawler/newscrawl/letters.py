"""Articles for the summarizer, what became of each, and the log of that."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newscrawl.journal import drop_cut_line, lines
from otlp_spans.span import TraceContext

DELIVERED = "delivered"
REFUSED = "refused"  # by the service, for good: a dead letter
UNDELIVERED = "undelivered"  # for now: the next crawl of the folder tries again


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An article to be delivered."""

    key: str
    id: str
    title: str
    text: str
    trace_id: str  # 32 hex digits
    span_id: str  # 16 hex digits: the span of the delivery
    parent_span_id: str | None = None  # of the extraction, maybe by an earlier crawl
    is_sampled: bool = True

    @property
    def traceparent(self) -> str:
        """The W3C header that makes the service's spans children of ours."""
        return TraceContext(self.trace_id, self.span_id, self.is_sampled).traceparent


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a letter."""

    outcome: str
    seconds: float  # of the last try, until its answer
    attempts: int
    status: int | None = None
    problem: str | None = None
    answer: dict[str, Any] | None = None
    began_ns: int | None = None  # CLOCK_MONOTONIC: of the first try, None: there was none
    ended_ns: int | None = None


class FeedLog:
    """What was delivered and what was refused, a line each; read again by the next crawl."""

    def __init__(self, folder: Path) -> None:
        """Read what earlier crawls delivered."""
        self.path = folder / "feed.jsonl"
        self.dead_letters = folder / "dead-letter.jsonl"
        self.settled: set[str] = set()  # keys that need not be sent again
        for path in (self.path, self.dead_letters):
            drop_cut_line(path)  # what follows it would be lost with it
        self.settled.update(entry["key"] for _, entry in lines(self.path))

    def add(self, letter: Letter, outcome: Outcome) -> None:
        """Write what became of a letter; an undelivered one is written by being absent."""
        if outcome.outcome == UNDELIVERED:
            return
        facts: dict[str, Any] = {
            "key": letter.key,
            "id": letter.id,
            "outcome": outcome.outcome,
            "status": outcome.status,
            "attempts": outcome.attempts,
            "seconds": outcome.seconds,
            "trace_id": letter.trace_id,
        }
        if outcome.outcome == REFUSED:
            article = {"id": letter.id, "title": letter.title, "text": letter.text}
            dead = {**facts, "problem": outcome.problem, "article": article}
            _append(self.dead_letters, dead)
        _append(self.path, {**facts, "answer": outcome.answer})
        self.settled.add(letter.key)


def _append(path: Path, facts: dict[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(facts, ensure_ascii=False) + "\n")
