"""Making a running Prometheus read its rules again, and seeing that it did."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from yoyak.errors import HostError
from yoyak.telemetry.thresholds import ALERT_THRESHOLD

_TIMEOUT_S = 10.0


class NoPrometheus(HostError):
    """Nothing answers under the address."""


def reload_prometheus(url: str, values: Mapping[str, float]) -> None:
    """Reload the rules, and check that these thresholds are now among them.

    Raises:
        NoPrometheus: nothing answers.
        HostError: it refuses to reload, or reads other thresholds than the ones written.
    """
    base = url.rstrip("/")
    _ask(f"{base}/-/reload", method="POST")
    try:
        loaded = _loaded_thresholds(json.loads(_ask(f"{base}/api/v1/rules?type=record")))
    except (ValueError, LookupError, TypeError) as error:
        raise HostError(f"{base} does not answer as Prometheus does; give its address") from error
    wrong = [name for name, value in values.items() if loaded.get(name) != value]
    if wrong:
        raise HostError(
            f"{base} was reloaded and does not have the new {', '.join(wrong)}: its rule_files do "
            "not name this file; give the one that they name with --file"
        )


def _loaded_thresholds(answer: Mapping[str, Any]) -> dict[str, float]:
    """Return the thresholds among the recording rules that Prometheus says it has."""
    found = {}
    for group in answer["data"]["groups"]:
        for rule in group["rules"]:
            if rule["name"] == ALERT_THRESHOLD.name:
                query = rule["query"].removeprefix("vector(").removesuffix(")")
                found[rule["labels"]["name"]] = float(query)
    return found


def _ask(url: str, method: str = "GET") -> bytes:
    request = urllib.request.Request(url, method=method)  # noqa: S310 - the CLI takes http and https only
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310 - as above
            body: bytes = response.read()
            return body
    except urllib.error.HTTPError as error:
        said = error.read(500).decode("utf-8", "replace").strip().partition("\n")[0]
        hint = (
            "start it with --web.enable-lifecycle, or send it SIGHUP"
            if error.code in (403, 404, 405)
            else "its log says which rule or file is wrong"
        )
        raise HostError(f"{url} answers {error.code} ({said}); {hint}") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise NoPrometheus(f"no Prometheus answers under {url} ({reason})") from error
