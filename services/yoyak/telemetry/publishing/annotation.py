"""What Grafana is told of a run: a region from its start to its end, its tags and one line."""

import html
from dataclasses import dataclass
from datetime import datetime

from yoyak.records import Perf
from yoyak.telemetry import names
from yoyak.telemetry.names import DASHBOARD_TAG
from yoyak.units import MS_PER_S

_LONGEST = 100  # characters of a tag's key and of its value: the columns of Grafana's table


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAnnotation:
    """A region on every dashboard that shows our tag; Unix times in ms."""

    run_tag: str  # finds it again
    tags: tuple[str, ...]  # run_tag among them
    text: str
    began_ms: int
    ended_ms: int


def run_annotation(perf: Perf) -> RunAnnotation | None:
    """Return a run's annotation; None if it does not say when it began and ended."""
    began_ms, ended_ms = _unix_ms(perf.started_at), _unix_ms(perf.finished_at)
    if began_ms is None or ended_ms is None or ended_ms < began_ms:
        return None
    run_tag = grafana_tag(perf.run_id)
    others = (perf.host.get(names.INSTANCE_TYPE), perf.model.name, perf.engine.name)
    tags = (DASHBOARD_TAG, run_tag, *(grafana_tag(str(other)) for other in others if other))
    return RunAnnotation(
        run_tag=run_tag,
        tags=tuple(dict.fromkeys(tag for tag in tags if tag)),
        text=html.escape(_text(perf), quote=False),
        began_ms=began_ms,
        ended_ms=ended_ms,
    )


def grafana_tag(text: str) -> str:
    """Return a text as Grafana will give it back.

    Grafana takes a tag apart at its colons, keeps the first two parts, and trims them: of
    "a:b:c" it makes "a:b". Later colons become dashes, and each part keeps 100 characters.
    """
    key, colon, value = " ".join(text.split()).partition(":")
    key, value = key.strip()[:_LONGEST].strip(), value.strip().replace(":", "-")
    value = value[:_LONGEST].strip()
    if not key or not value:
        return key or value
    return f"{key}{colon}{value}"


def _text(perf: Perf) -> str:
    where = perf.host.get(names.INSTANCE_TYPE) or "an unnamed host"
    parts = [f"Run {perf.run_id}: {perf.model.name} with {perf.engine.name} on {where}"]
    for value, shown in (
        (perf.rates.output_chars_per_s.value, "{:.4g} output characters/s"),
        (perf.latency.time_to_first_token_s.mean, "first token after {:.3g} s"),
        (perf.totals.total_with_load_s, "{:.4g} s with load"),
        (perf.totals.failed or None, "{} failed requests"),
    ):
        if value is not None:
            parts.append(shown.format(value))
    invalid = sorted({f.code for f in perf.findings if f.severity == "invalid"})
    if invalid:
        parts.append(f"not to be compared: {', '.join(invalid)}")
    return "; ".join(parts)


def _unix_ms(text: str | None) -> int | None:
    """Return a stamp with a zone as Unix time; without one nobody knows when it was."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if at.tzinfo is None else round(at.timestamp() * MS_PER_S)
