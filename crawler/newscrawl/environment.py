"""What the crawler reads from the environment, once."""

import os
from collections.abc import Mapping
from pathlib import Path

from newscrawl.naver.api import DEVELOPERS, HOMES, HUB, Keys
from otlp_spans.settings import OtlpSettings, settings_from
from yoyak.errors import UsageError


def naver_keys(environment: Mapping[str, str], *, home: str | None) -> Keys:
    """Return the keys of the wanted home, or of the one that keys are set for, the hub first.

    Raises:
        UsageError: there are none; says how to get them and what works without.
    """
    homes = [HOMES[home]] if home else [HUB, DEVELOPERS]
    for candidate in homes:
        id_ = environment.get(candidate.id_variable, "").strip()
        key = environment.get(candidate.key_variable, "").strip()
        if id_ and key:
            return Keys(candidate, id_, key)
    wanted = " or ".join(f"{h.id_variable} and {h.key_variable}" for h in homes)
    raise UsageError(
        f"no keys for Naver's search API: set {wanted}, from {homes[0].keys_from}; "
        "without keys, crawl a publisher: yoyak crawl site URL (in the stack: YOYAK_CRAWL_URL)"
    )


def traces(environment: Mapping[str, str]) -> OtlpSettings | None:
    """Return where spans go, by OpenTelemetry's standard variables; None for nowhere.

    Raises:
        UsageError: a variable holds what it cannot.
    """
    return settings_from(environment)


def budget_file(environment: Mapping[str, str]) -> Path:
    """Return the file of the daily call budget: under XDG_STATE_HOME, else ~/.local/state."""
    base = environment.get("XDG_STATE_HOME") or os.path.join(  # noqa: PTH118 - a default as text
        environment.get("HOME", "."), ".local", "state"
    )
    return Path(base) / "yoyak" / "naver-api-calls.json"
