"""The thresholds of the alerts: names, units, defaults, and the rules file that holds them.

The file has one recording rule a threshold, `yoyak_alert_threshold{name}`, in the one form that
`rules_text` writes; alerts and dashboards read the series.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yoyak.errors import HostError, UsageError
from yoyak.telemetry.names import Metric
from yoyak.units import MS_PER_S, PERCENT

ALERT_THRESHOLD = Metric(
    name="yoyak_alert_threshold",
    kind="gauge",
    help="Where an alert begins, in the base unit of what it watches",
    labels=("name",),
)
DEFAULT = "default"  # as a value: back to ours
_MINUTE_S = 60.0
_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """How a threshold is written, read and shown."""

    takes: str
    parse: Callable[[str], float]  # raises ValueError
    show: Callable[[float], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """One threshold: the alert begins above it, or below it."""

    name: str
    default: float
    unit: Unit
    alerts: Literal["above", "below"]
    meaning: str


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value) or value < 0:
        raise ValueError
    return value


def _duration_s(text: str) -> float:
    # A bare number is refused: "2" may have been meant as seconds or milliseconds.
    factors = (("ms", 1 / MS_PER_S), ("s", 1.0), ("m", _MINUTE_S), ("h", _HOUR_S))
    for suffix, factor in factors:
        if text.endswith(suffix):
            return _number(text.removesuffix(suffix)) * factor
    raise ValueError


def _ratio(text: str) -> float:
    value = _number(text.removesuffix("%")) / PERCENT if text.endswith("%") else _number(text)
    if value > 1:
        raise ValueError
    return value


def _rate(text: str) -> float:
    return _number(text.removesuffix("/s"))


_SECONDS = Unit(
    takes='a duration such as "2s", "500ms" or "1m"', parse=_duration_s, show="{:g}s".format
)
_RATIO = Unit(
    takes='a share such as "5%" or "0.05"',
    parse=_ratio,
    show=lambda value: f"{value * PERCENT:g}%",
)
_PER_SECOND = Unit(takes='a rate such as "4/s"', parse=_rate, show="{:g}/s".format)
_COUNT = Unit(takes="a number of at least 0", parse=_number, show="{:g}".format)

_ALL = (
    Threshold(
        name="ttft_p95",
        default=10.0,  # a reader's patience with a page that shows nothing yet
        unit=_SECONDS,
        alerts="above",
        meaning="95 % of requests have their first chunk within this",
    ),
    Threshold(
        name="duration_p95",
        default=120.0,  # 200 tokens at under 2 a second
        unit=_SECONDS,
        alerts="above",
        meaning="95 % of requests end within this",
    ),
    Threshold(
        name="token_rate",
        default=1.0,  # the slowest host of the old study wrote about twice that
        unit=_PER_SECOND,
        alerts="below",
        meaning="tokens a second that the engine writes while it decodes",
    ),
    Threshold(
        name="error_ratio",
        default=0.05,
        unit=_RATIO,
        alerts="above",
        meaning="share of requests that end with an error; those their client left are not counted",
    ),
    Threshold(
        name="queue_depth",
        default=16.0,  # a quarter of the service's own limit
        unit=_COUNT,
        alerts="above",
        meaning="requests that wait for a slot, on average",
    ),
    Threshold(
        name="engine_down",
        default=120.0,  # loading 4 GB from a network disk takes about half of that
        unit=_SECONDS,
        alerts="above",
        meaning="seconds of the last 15 minutes in which the engine did not answer",
    ),
    Threshold(
        name="gpu_idle",
        default=0.05,
        unit=_RATIO,
        alerts="below",
        meaning="utilization of the busiest GPU while the engine has requests",
    ),
    Threshold(
        name="gpu_throttled",
        default=0.1,
        unit=_RATIO,
        alerts="above",
        meaning="share of the time in which heat or hardware slowed a GPU down",
    ),
    Threshold(
        name="memory",
        default=0.9,
        unit=_RATIO,
        alerts="above",
        meaning="share of the engine's memory limit, or of the host's memory, that is used",
    ),
    Threshold(
        name="cpu_steal",
        default=0.05,
        unit=_RATIO,
        alerts="above",
        meaning="share of the host's CPU time that the hypervisor gave to others",
    ),
    Threshold(
        name="scrape_missing",
        default=60.0,
        unit=_SECONDS,
        alerts="above",
        meaning="seconds for which a host has not been scraped",
    ),
)
THRESHOLDS: Mapping[str, Threshold] = {threshold.name: threshold for threshold in _ALL}


def parse_setting(text: str) -> tuple[str, float]:
    """Return (name, value in the base unit) of a "NAME=VALUE".

    Raises:
        UsageError: no such threshold, or a value without its unit or out of range.
    """
    name, equals, raw = text.partition("=")
    threshold = THRESHOLDS.get(name.strip())
    if threshold is None:
        raise UsageError(
            f'"{name.strip()}" is no threshold; `yoyak alerts show` lists them: '
            f"{', '.join(THRESHOLDS)}"
        )
    value = raw.strip()
    if not equals or not value:
        raise UsageError(f"{threshold.name} needs a value: {threshold.unit.takes}, or {DEFAULT}")
    if value == DEFAULT:
        return threshold.name, threshold.default
    try:
        return threshold.name, threshold.unit.parse(value)
    except ValueError as error:
        raise UsageError(
            f'{threshold.name} is "{value}"; it takes {threshold.unit.takes}, or {DEFAULT}'
        ) from error


_HEADER = """\
# Where alerts begin. Written by `yoyak alerts set NAME=VALUE`; `yoyak alerts show` explains each.
groups:
  - name: yoyak-thresholds
    rules:
"""
_RULE = """\
      - record: {record}
        labels: {{name: {name}}}
        expr: vector({value})  # {shown}
"""
_READ = re.compile(
    rf"      - record: {ALERT_THRESHOLD.name}\n"
    r"\s+labels: \{name: (?P<name>\w+)\}\n"
    r"\s+expr: vector\((?P<value>\d+(?:\.\d+)?(?:e[+-]\d+)?)\)(?:  # \S+)?\n"
)


def rules_text(values: Mapping[str, float]) -> str:
    """Return the rules file for these values; a threshold that is not among them has its default.

    A number is written so that it reads back as the same float.
    """
    return _HEADER + "".join(
        _RULE.format(
            record=ALERT_THRESHOLD.name,
            name=threshold.name,
            value=repr(float(value)),
            shown=threshold.unit.show(value),
        )
        for threshold in THRESHOLDS.values()
        for value in [values.get(threshold.name, threshold.default)]
    )


def read_thresholds(path: Path) -> dict[str, float]:
    """Return the value of every threshold, its default where the file has none.

    Raises:
        UsageError: the file cannot be read, or is not as `rules_text` writes it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({error}); name another with --file") from error
    return parse_rules(text, where=str(path))


def parse_rules(text: str, *, where: str) -> dict[str, float]:
    """Return the value of every threshold, its default where the text has none.

    Raises:
        UsageError: the text is not as `rules_text` writes it; names `where`.
    """
    found = {match["name"]: float(match["value"]) for match in _READ.finditer(text)}
    header = _HEADER.splitlines()
    unread = [line for line in _READ.sub("", text).splitlines() if line not in (*header, "")]
    unknown = [name for name in found if name not in THRESHOLDS]
    if unread or unknown:
        raise UsageError(
            f"{where} was not written by this `yoyak alerts set`: "
            f'"{(unread or unknown)[0].strip()}"; move it away, then set what you need'
        )
    return {name: found.get(name, t.default) for name, t in THRESHOLDS.items()}


def write_thresholds(path: Path, values: Mapping[str, float]) -> None:
    """Replace the file by one with these values.

    Raises:
        HostError: it cannot be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(rules_text(values), encoding="utf-8")
        part.chmod(0o644)  # Prometheus reads it as another user
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise HostError(
            f"{path} cannot be written: {error.strerror}; mend its rights or name another "
            "with --file"
        ) from error
