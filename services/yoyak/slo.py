"""Latency targets as a user writes them: `ttft_p95=2s`, several joined by commas."""

import math
import re

from yoyak.errors import UsageError
from yoyak.records.perf import SloTarget
from yoyak.units import PERCENT, duration_s

# What a target may be of; the first three are what a reader of summaries feels.
LATENCIES = {
    "ttft": "time_to_first_token_s",
    "tpot": "time_per_output_token_s",
    "e2e": "end_to_end_s",
    "duration": "end_to_end_s",  # as `yoyak alerts set duration_p95=...` calls it
}
PERCENTILES = (50, 90, 95, 99)  # those that perf.json has
EXAMPLE = "ttft_p95=2s"
_FORM = re.compile(r"(?P<latency>[a-z0-9]+)_p(?P<percent>\d+)\s*=\s*(?P<limit>\S+)")


def parse_slo(text: str) -> tuple[SloTarget, ...]:
    """Return the targets that a text names, in its order.

    Raises:
        UsageError: one of them is none, or stands there twice; says which and what it takes.
    """
    targets = [_target(part.strip()) for part in text.split(",") if part.strip()]
    if not targets:
        raise UsageError(f"--slo is empty; give a target such as {EXAMPLE}")
    names = [target.name for target in targets]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"--slo names {name} twice; keep the stricter limit")
    return tuple(targets)


def slo_text(targets: tuple[SloTarget, ...]) -> str:
    """Return targets in the one form that manifests keep: "ttft_p95=2s,tpot_p95=0.08s"."""
    return ",".join(f"{target.name}={target.limit_s:g}s" for target in targets)


def _target(text: str) -> SloTarget:
    found = _FORM.fullmatch(text)
    if found is None or found["latency"] not in LATENCIES:
        raise UsageError(
            f'--slo "{text}" is no target; it takes {"|".join(LATENCIES)}, _p with one of '
            f"{', '.join(map(str, PERCENTILES))}, and a limit: {EXAMPLE}"
        )
    percent = int(found["percent"])
    if percent not in PERCENTILES:
        raise UsageError(
            f'--slo "{text}": p{percent} is not shown; take one of '
            f"{', '.join(f'p{known}' for known in PERCENTILES)}"
        )
    try:
        limit_s = duration_s(found["limit"])
    except ValueError:
        limit_s = math.nan
    if not 0 < limit_s < math.inf:
        raise UsageError(f'--slo "{text}": a limit is a duration such as "2s" or "250ms"')
    return SloTarget(
        name=f"{found['latency']}_p{percent}",
        latency=LATENCIES[found["latency"]],
        probability=percent / PERCENT,
        limit_s=limit_s,
    )
