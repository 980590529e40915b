"""One compose project: its commands, its addresses, its containers."""

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

REPOSITORY = Path(__file__).parents[3]
COMMAND_S = 600  # building images is the longest
ANSWER_S = 60  # a request may wait behind a benchmark, on a machine at work


class Stack:
    """Compose files as a project of its own name, with the variables given and no .env."""

    def __init__(
        self,
        project: str,
        *,
        environment: Mapping[str, str],
        files: Sequence[str | Path] = ("compose.yaml",),
    ) -> None:
        self.project = project
        self._files = [part for file in files for part in ("--file", str(file))]
        self.environment = dict(environment)

    def compose(
        self, *arguments: str, also: Mapping[str, str] | None = None, succeeds: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run `docker compose` and return what came of it."""
        outside = {k: v for k, v in os.environ.items() if not k.startswith(("YOYAK_", "COMPOSE_"))}
        done = subprocess.run(
            (
                "docker",
                "compose",
                "--project-name",
                self.project,
                "--env-file",
                os.devnull,
                *self._files,
                *arguments,
            ),
            cwd=REPOSITORY,
            env={**outside, **self.environment, **(also or {})},
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )
        if succeeds:
            assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{self._logs()}"
        return done

    def docker(self, *arguments: str) -> str:
        """Return what `docker` prints."""
        return subprocess.run(
            ("docker", *arguments), capture_output=True, text=True, check=True, timeout=ANSWER_S
        ).stdout

    def down(self) -> None:
        """End the project, with its volumes."""
        self.compose("down", "--volumes", "--timeout", "10")

    def containers(self) -> dict[str, dict[str, Any]]:
        """Return what the engine says of each container, by service."""
        ids = self.compose("ps", "--all", "--quiet").stdout.split()
        told = self.docker("inspect", *ids)
        return {
            container["Config"]["Labels"]["com.docker.compose.service"]: container
            for container in json.loads(told)
        }

    @property
    def api(self) -> str:
        """Where the summarizer is published."""
        return f"http://127.0.0.1:{self.environment['YOYAK_API_PORT']}"

    @property
    def prometheus(self) -> str:
        """Where Prometheus is published."""
        return f"http://127.0.0.1:{self.environment['YOYAK_PROMETHEUS_PORT']}"

    def query(self, promql: str, at_s: float | None = None) -> list[dict[str, Any]]:
        """Return the result vector of a query, now or at a Unix time."""
        asked = {"query": promql} | ({} if at_s is None else {"time": f"{at_s:.3f}"})
        answer = get_json(f"{self.prometheus}/api/v1/query?{urllib.parse.urlencode(asked)}")
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def finished_runs(self) -> list[Path]:
        """Return the run folders that are complete; the report is written last."""
        return sorted(p.parent for p in Path(self.environment["YOYAK_RUNS"]).glob("*/report.html"))

    def _logs(self) -> str:
        return subprocess.run(
            ("docker", "compose", "--project-name", self.project, *self._files, "logs", "-n", "20"),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=ANSWER_S,
            check=False,
        ).stdout


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def gateway() -> str:
    """Return this machine's address on the engine's own bridge."""
    told = Stack("bridge", environment={}).docker("network", "inspect", "bridge")
    address: str = json.loads(told)[0]["IPAM"]["Config"][0]["Gateway"]
    return address


def get_json(url: str, body: object = None) -> Any:  # noqa: ANN401 - JSON of any shape
    """Return the JSON that an address answers; posts `body` if there is one."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=ANSWER_S) as response:  # noqa: S310 - loopback
        return json.load(response)


def eventually(ask: Callable[[], T], *, deadline_s: float, what: str) -> T:
    """Return the first truthy answer; fail after the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        try:
            if answer := ask():
                return answer
        except (urllib.error.URLError, ConnectionError):
            pass  # not up yet
        assert time.monotonic() < end, f"waited {deadline_s} s in vain for {what}"
        time.sleep(0.2)
