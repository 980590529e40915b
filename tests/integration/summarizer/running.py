"""Running the real service as its own process, and asking it."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import pytest

READY_S = 60.0
ANSWER_S = 30.0
ARTICLE = {
    "id": "a1",
    "title": "가온물산, 새 물류 창고를 열다",
    "text": "가온물산이 월요일 새 물류 창고를 열었다. 회사는 배송 시간이 하루 줄어든다고 밝혔다. "
    * 6,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One response, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON is any of its types
        return json.loads(self.body)


@dataclass(slots=True)
class Service:
    """A summarizer process that said it was ready."""

    process: "subprocess.Popen[str]"
    url: str
    errors: list[str] = field(default_factory=list)

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=ANSWER_S)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        connection = self.connection()
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        try:
            connection.request(
                method, path, sent, {"content-type": "application/json", **(headers or {})}
            )
            response = connection.getresponse()
            lowered = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, lowered, response.read())
        finally:
            connection.close()

    def summarize(
        self, *, headers: Mapping[str, str] | None = None, stream: bool = False, **options: object
    ) -> Answer:
        body = {"article": ARTICLE, "options": options, "stream": stream}
        return self.ask("POST", "/v1/summaries", body, headers)

    @contextmanager
    def streaming(self, **options: object) -> Iterator[http.client.HTTPResponse]:
        """Begin a stream and leave it, wherever it is, when the block ends."""
        connection = self.connection()
        body = json.dumps({"article": ARTICLE, "options": options, "stream": True})
        connection.request("POST", "/v1/summaries", body, {"content-type": "application/json"})
        try:
            yield connection.getresponse()
        finally:
            connection.close()

    @property
    def engine(self) -> dict[str, Any]:
        facts: dict[str, Any] = self.ask("GET", "/v1/engine").json
        return facts

    def metric(self, name: str, **labels: str) -> float | None:
        """Return one sample of /metrics, or None if it is not there."""
        for line in self.ask("GET", "/metrics").body.decode().splitlines():
            sample, _, value = line.rpartition(" ")
            found, _, rest = sample.partition("{")
            pairs = dict(pair.split("=", 1) for pair in rest.rstrip("}").split(",") if pair)
            if found == name and all(pairs.get(k) == f'"{v}"' for k, v in labels.items()):
                return float(value)
        return None

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(ANSWER_S)


def wait_until(holds: Callable[[], bool], what: str, within_s: float = ANSWER_S) -> None:
    """Wait for a condition, and fail by its name."""
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within_s:g} s: {what}")
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Say whether a process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def clean_environment(**variables: str) -> dict[str, str]:
    """Return this process's environment without settings of ours."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("YOYAK_")}
    return {**kept, **variables}


def start(*arguments: str, **variables: str) -> "subprocess.Popen[str]":
    """Start `python -m summarizer` without waiting for it."""
    return subprocess.Popen(
        [sys.executable, "-m", "summarizer", "--port", "0", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(**variables),
    )


def ready(process: "subprocess.Popen[str]") -> Service:
    """Return the service once it printed its line; its stderr is collected on the way."""
    errors: list[str] = []
    assert process.stdout is not None
    assert process.stderr is not None
    threading.Thread(target=_collect, args=(process.stderr, errors), daemon=True).start()
    watchdog = threading.Timer(READY_S, process.kill)
    watchdog.start()
    line = process.stdout.readline()
    watchdog.cancel()
    if not line:
        process.wait(ANSWER_S)
        pytest.fail(f"the service did not start: {' '.join(errors)}")
    return Service(process, json.loads(line)["url"], errors)


def _collect(stream: IO[str], lines: list[str]) -> None:
    lines.extend(stream)


@contextmanager
def serving(*arguments: str, **variables: str) -> Iterator[Service]:
    """Run a service until the block ends."""
    with ended(start(*arguments, **variables)) as process:
        yield ready(process)


@contextmanager
def ended(process: "subprocess.Popen[str]") -> Iterator["subprocess.Popen[str]"]:
    """End the process when the block ends, and close its pipes."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(ANSWER_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
