"""Ranges that no true record leaves: what reads well can still be damaged, edited or foreign."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from yoyak.errors import UsageError
from yoyak.records.manifest import ArticleRef, Workload
from yoyak.units import NS_PER_S

# Far beyond any run, and small enough that sums, ratios and logarithms of such numbers are finite.
MOST_S = 10 * 365 * 86_400.0
MOST_NS = int(MOST_S) * NS_PER_S
LEAST_S = 1e-9  # the finest that an engine reports; 0 is allowed besides, and means "no time"
MOST_COUNT = 10**18  # bytes of memory and tokens stay below
MOST_TEXT = 1000  # characters of a name that labels and messages are made of
_SHOWN = 60  # of a bad one
HOST_FACTS: Mapping[str, type | tuple[type, ...]] = {  # those that yoyak computes or labels with
    "hostname": str,
    "cpu_model": str,
    "instance_type": str,
    "instance_id": str,
    "availability_zone": str,
    "boot_id": str,
    "isa": (list, tuple),
    "logical_cpus": int,
    "physical_cores": int,
    "memory_total_bytes": int,
}


def unsound(where: str, problem: str) -> UsageError:
    """Return the error for a record that cannot be true."""
    return UsageError(
        f"{where}: {problem}; it is damaged, edited or foreign: take it from its host again"
    )


def check_span(where: str, name: str, value: float | None) -> None:
    """Raise UsageError unless a duration is unknown, 0, or from LEAST_S to MOST_S."""
    if value is not None and value != 0 and not LEAST_S <= value <= MOST_S:
        raise unsound(where, f"{name} is {value}, which is no duration in seconds")


def check_count(where: str, name: str, value: float | None, *, least: int = 0) -> None:
    """Raise UsageError unless a count is unknown or from `least` to MOST_COUNT."""
    if value is not None and not least <= value <= MOST_COUNT:
        raise unsound(where, f"{name} is {value}, which is no count of at least {least}")


def check_name(where: str, name: str, value: str | None) -> None:
    """Raise UsageError unless a name is unknown or one short line of printable characters."""
    if value is not None and not (0 < len(value) <= MOST_TEXT and value.isprintable()):
        raise unsound(where, f"{name} is no name but {ascii(value)[:_SHOWN]}")


def check_moment(where: str, name: str, value: str | None) -> None:
    """Raise UsageError unless a moment is unknown or ISO 8601 with its zone."""
    if value is None:
        return
    try:
        zoned = datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        zoned = False
    if not zoned:
        raise unsound(where, f"{name} is {ascii(value)[:_SHOWN]}, no ISO 8601 time with a zone")


def check_host(where: str, host: Mapping[str, Any]) -> None:
    """Raise UsageError where a fact of the host that is used later is of another type."""
    for name, kind in HOST_FACTS.items():
        value = host.get(name)
        if value is None:
            continue
        if not isinstance(value, kind) or isinstance(value, bool):
            raise unsound(where, f"host.{name} is of type {type(value).__name__}")
        if isinstance(value, str):
            check_name(where, f"host.{name}", value)
        elif isinstance(value, int):
            check_count(where, f"host.{name}", value, least=1)
        elif isinstance(value, list | tuple) and not all(isinstance(v, str) for v in value):
            raise unsound(where, f"host.{name} holds what is no text")


def check_workload(where: str, work: Workload) -> None:
    """Raise UsageError where the work is none: counts below 1, an article twice."""
    for name in ("output_tokens", "context_tokens", "batch_tokens", "concurrency", "repetitions"):
        check_count(where, f"workload.{name}", getattr(work, name), least=1)
    if work.rate_per_s is not None and not 1 / MOST_S <= work.rate_per_s <= MOST_COUNT:
        raise unsound(where, f"workload.rate_per_s is {work.rate_per_s}")
    for name in ("seed", "temperature"):
        value = getattr(work, name)
        if value is not None and value < 0:
            raise unsound(where, f"workload.{name} is {value}")
    if len(set(work.article_ids)) < len(work.article_ids):
        raise unsound(where, "workload.article_ids names an article twice")


def check_articles(where: str, work: Workload, articles: tuple[ArticleRef, ...]) -> None:
    """Raise UsageError where an article of the work is not described."""
    missing = set(work.article_ids) - {article.id for article in articles}
    if missing:
        raise unsound(where, f"articles lacks {ascii(min(missing))[:_SHOWN]} of the workload")


def check_finite(where: str, record: object) -> None:
    """Raise UsageError where any number, however deep, is NaN or infinite."""
    for path, value in floats(record):
        if not math.isfinite(value):
            raise UsageError(
                f"{where}: {path} is {value}; unknown is null: it was written by something else "
                "than yoyak, so make it again from its run folder"
            )


def floats(value: object, path: str = "") -> Iterator[tuple[str, float]]:
    """Yield every float within records, mappings and sequences, with its path."""
    if isinstance(value, float):
        yield path, value
    elif isinstance(value, str | int):  # most of what there is
        return
    elif is_dataclass(value):
        for field in fields(value):
            yield from floats(getattr(value, field.name), f"{path}.{field.name}".lstrip("."))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from floats(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from floats(item, f"{path}.{index}".lstrip("."))
