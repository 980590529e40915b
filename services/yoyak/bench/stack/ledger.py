"""Which configurations this runs folder holds a benchmark of: once each is enough."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from yoyak import __version__
from yoyak.config import RunConfig
from yoyak.errors import HostError
from yoyak.host.facts import HostFacts
from yoyak.records import EngineFacts
from yoyak.store.run_folder import PERF, replace_file

FILE = "benchmarked.json"
# What a run measures does not change with these.
_NO_MATTER = frozenset({"out", "cache", "url", "price", "max_failures"})
_OF_ONE_PROCESS = frozenset({"pid", "pid_namespace", "boot_id", "url"})
# A disk may be carried to another instance: what was measured there says nothing of this one.
_OF_HOST = ("instance_type", "instance_id", "cpu_model", "physical_cores", "architecture")


def configuration_digest(
    config: RunConfig, engine: EngineFacts, host: HostFacts, *, dataset_sha256: str
) -> str:
    """Return the sha256 (hexadecimal) of all that decides what a benchmark would measure.

    Options, dataset, engine and model, the host's identity and yoyak's version; over canonical
    JSON. A host without a cloud's identity is known by its name.
    """
    told = {name: getattr(host, name) for name in _OF_HOST}
    if host.instance_id is None:
        told["hostname"] = host.hostname
    facts: dict[str, Any] = {
        "options": _without(dataclasses.asdict(config), _NO_MATTER),
        "dataset_sha256": dataset_sha256,
        "engine": _without(dataclasses.asdict(engine), _OF_ONE_PROCESS),
        "host": told,
        "yoyak": __version__,
    }
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class Ledger:
    """`benchmarked.json` of a runs folder: {configuration digest: run id}."""

    def __init__(self, runs: Path) -> None:
        """Keep the ledger of this folder."""
        self._runs = runs
        self._path = runs / FILE

    def run_of(self, digest: str) -> str | None:
        """Return the run of a configuration if it was finished and is still there."""
        run_id = self._read().get(digest)
        if run_id is None or not (self._runs / run_id / PERF).is_file():
            return None
        return run_id

    def note(self, digest: str, run_id: str) -> None:
        """Write down that this run is the configuration's.

        Raises:
            HostError: the folder cannot be written.
        """
        text = json.dumps({**self._read(), digest: run_id}, indent=2, sort_keys=True)
        replace_file(self._path, text + "\n")

    def _read(self) -> dict[str, str]:
        try:
            table = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise HostError(
                f"{self._path} cannot be read ({error}); delete it: the benchmark is then run again"
            ) from error
        if not isinstance(table, dict):
            raise HostError(f"{self._path} holds no table; delete it")
        return {str(digest): str(run_id) for digest, run_id in table.items()}


def _without(table: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name not in names}
