"""Which metrics and labels a PromQL query names, and where our queries are kept.

A reader of names, no parser of PromQL: whether a query is well formed, Prometheus says itself in
the integration tests.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from yoyak.host.gpu import THROTTLE_REASONS
from yoyak.telemetry import names
from yoyak.telemetry.crawl_names import CRAWL_METRICS
from yoyak.telemetry.rules import JOB, RECORDED
from yoyak.telemetry.run_gauges import RUN_METRICS, SEVERITIES, STATISTICS
from yoyak.telemetry.thresholds import ALERT_THRESHOLD, THRESHOLDS

ROOT = Path(__file__).parents[4]
DASHBOARDS = ROOT / "dashboards"
RULES = ROOT / "docker/prometheus/rules/yoyak.yml"
QUESTIONS = ROOT / "docs/promql.md"

TARGET_LABELS = {
    "job",
    "instance",
    names.INSTANCE_TYPE,
    names.INSTANCE_ID,
    names.AVAILABILITY_ZONE,
    names.ACCELERATOR,
}
_PROMETHEUS_OWN: Mapping[str, set[str]] = {
    "up": set(),
    "ALERTS": {"alertname", "alertstate", "severity"},
}
_CLOSED_SETS: Mapping[str, set[str]] = {
    names.PHASE: set(names.PHASES),
    names.MODE: set(names.CPU_MODES),
    names.STATE: set(names.LOAD_STATES),
    names.GENAI_TOKEN_TYPE: set(names.TOKEN_TYPES),
    names.REASON: set(THROTTLE_REASONS.values()),
    "statistic": set(STATISTICS),
    "severity": {*SEVERITIES, "critical"},
    "name": set(THRESHOLDS),
    "job": {JOB, "crawler", "node", "runs"},
}
_AGGREGATES = {"sum", "min", "max", "avg", "count", "topk", "bottomk", "quantile", "group"}
_GROUPINGS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_WORDS = {"and", "or", "unless", "bool", "offset", "start", "end"}
_TOKEN = re.compile(
    r"""\s+|
    (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|
    (?P<range>\[[^\]]*\])|
    (?P<number>\d[\w.]*)|
    (?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)|
    (?P<sign>=~|!~|!=|==|<=|>=|[{}(),=<>+\-*/%^@])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric's name and its matchers (label, sign, value)."""

    metric: str
    matchers: list[tuple[str, str, str]]


@dataclass(slots=True)
class Reading:
    """What a query names."""

    selectors: list[Selector] = field(default_factory=list)
    grouped_by: list[str] = field(default_factory=list)


def read_query(query: str) -> Reading:
    tokens = list(_tokens(query))
    reading = Reading()
    at = 0
    while at < len(tokens):
        kind, text = tokens[at]
        after = tokens[at + 1][1] if at + 1 < len(tokens) else ""
        if kind == "name" and text in _GROUPINGS and after == "(":
            end = _closing(tokens, at + 1, ")")
            reading.grouped_by += [t for k, t in tokens[at + 2 : end] if k == "name"]
            at = end
        elif text == "{":
            end = _closing(tokens, at, "}")
            matchers = _matchers(tokens[at + 1 : end])
            named = [value for label, _, value in matchers if label == "__name__"]
            rest = [matcher for matcher in matchers if matcher[0] != "__name__"]
            reading.selectors += [Selector(n, rest) for value in named for n in value.split("|")]
            at = end
        elif kind == "name" and after == "{":
            end = _closing(tokens, at + 1, "}")
            reading.selectors.append(Selector(text, _matchers(tokens[at + 2 : end])))
            at = end
        elif kind == "name" and after != "(" and text not in _AGGREGATES | _GROUPINGS | _WORDS:
            reading.selectors.append(Selector(text, []))
        at += 1
    return reading


def mistakes(query: str) -> list[str]:
    """Return what is wrong with the names in a query; nothing if all of them are exported."""
    reading = read_query(query)
    found = [] if reading.selectors else ["it names no metric"]
    for selector in reading.selectors:
        labels = exported_labels().get(selector.metric)
        if labels is None:
            found.append(f"no metric {selector.metric}")
            continue
        for label, sign, value in selector.matchers:
            if label not in labels | TARGET_LABELS:
                found.append(f"{selector.metric} has no label {label}")
            found += _wrong_values(label, sign, value)
    known = set.union(TARGET_LABELS, *exported_labels().values())
    found += [f"no metric has a label {name}" for name in reading.grouped_by if name not in known]
    return found


def exported_labels() -> dict[str, set[str]]:
    """Return every series that can be queried, and its labels beside those of its target."""
    own = {**names.METRICS, **CRAWL_METRICS, **RUN_METRICS, ALERT_THRESHOLD.name: ALERT_THRESHOLD}
    own |= {rule.record: rule.metric for rule in RECORDED}
    labels = {name: set(found) for name, found in _PROMETHEUS_OWN.items()}
    for name, metric in own.items():
        if metric.kind == "histogram":
            labels[f"{name}_bucket"] = {*metric.labels, "le"}
            labels[f"{name}_sum"] = labels[f"{name}_count"] = set(metric.labels)
        else:
            labels[name] = set(metric.labels)
    return labels


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (dashboard's file, panel) of every panel that shows something."""
    for path in sorted(DASHBOARDS.glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            if panel["type"] != "row":
                yield path.name, panel


def panel_queries() -> list[tuple[str, str]]:
    """Return (where, PromQL) of every panel's query to Prometheus."""
    return [
        (f"{file}: {panel['title']} {target['refId']}", target["expr"])
        for file, panel in panels()
        for target in panel["targets"]
        if target["datasource"]["type"] == "prometheus"
    ]


def variable_queries() -> list[tuple[str, str, str]]:
    """Return (where, selector, label) of every variable that asks Prometheus."""
    found = []
    for path in sorted(DASHBOARDS.glob("*.json")):
        for variable in json.loads(path.read_text())["templating"]["list"]:
            if variable["type"] == "query":
                match = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"])
                assert match is not None, variable["query"]
                found.append((f"{path.name}: ${variable['name']}", match[1], match[2]))
    return found


def annotation_queries() -> list[tuple[str, str]]:
    """Return (where, PromQL) of every dashboard's annotations from Prometheus."""
    return [
        (f"{path.name}: {annotation['name']}", annotation["expr"])
        for path in sorted(DASHBOARDS.glob("*.json"))
        for annotation in json.loads(path.read_text())["annotations"]["list"]
        if annotation["datasource"]["type"] == "prometheus"
    ]


def rule_queries() -> list[tuple[str, str]]:
    """Return (record or alert, PromQL) of every rule that is committed."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [
        (rule.get("record") or rule["alert"], rule["expr"])
        for group in groups
        for rule in group["rules"]
    ]


def question_queries() -> list[tuple[str, str]]:
    """Return (heading, PromQL) of every query in docs/promql.md."""
    found = []
    for section in re.split(r"^#+ ", QUESTIONS.read_text(), flags=re.MULTILINE)[1:]:
        heading = section.partition("\n")[0]
        found += [(heading, q) for q in re.findall(r"```promql\n(.*?)\n```", section, re.DOTALL)]
    return found


def _tokens(query: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None:
            raise ValueError(f"not PromQL at {query[at : at + 20]!r}")
        if match.lastgroup is not None:
            yield match.lastgroup, match[0]
        at = match.end()


def _closing(tokens: list[tuple[str, str]], opening: int, sign: str) -> int:
    return next(at for at in range(opening, len(tokens)) if tokens[at][1] == sign)


def _matchers(tokens: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
    texts = [text for _, text in tokens if text != ","]
    return [(texts[at], texts[at + 1], texts[at + 2][1:-1]) for at in range(0, len(texts) - 2, 3)]


def _wrong_values(label: str, sign: str, value: str) -> list[str]:
    values = _CLOSED_SETS.get(label)
    if label == names.OUTCOME:
        values = {*names.OUTCOMES}
    if values is None or "$" in value:
        return []
    given = value.split("|") if sign in ("=~", "!~") else [value]
    return [f"{label} is never {one}" for one in given if one not in values]
