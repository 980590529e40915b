"""A key from the environment reaches the engine, and no file."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.integration.bench.replays import DEADLINE_S, arguments, the_run

KEY = "sk-a-key-that-nobody-may-see"


class Gate:
    """An OpenAI-compatible server that answers only those who have the key."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/v1"
        self.seen: list[str | None] = []


@pytest.fixture
def gate() -> Iterator[Gate]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer({"data": [{"id": "m", "owned_by": "gate"}]})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            pieces: list[object] = [
                {"choices": [{"delta": {"content": text}, "finish_reason": reason}]}
                for text, reason in (("가", None), ("나", "length"))
            ]
            usage = {"usage": {"prompt_tokens": 9, "completion_tokens": 2}, "choices": []}
            events = [f"data: {json.dumps(one)}\n\n" for one in [*pieces, usage]]
            self._send("".join([*events, "data: [DONE]\n\n"]), "text/event-stream")

        def _answer(self, document: object) -> None:
            self._send(json.dumps(document), "application/json")

        def _send(self, text: str, kind: str) -> None:
            running.seen.append(self.headers["Authorization"])
            is_known = self.headers["Authorization"] == f"Bearer {KEY}"
            is_missing = self.path not in ("/v1/models", "/v1/chat/completions")
            body = text.encode() if is_known else b'{"error": {"message": "no key"}}'
            self.send_response(404 if is_missing else 200 if is_known else 401)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        running = Gate(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield running
        server.shutdown()
        thread.join()


def run(folder: Path, dataset: Path, gate: Gate, **environ: str) -> tuple[int, str]:
    given = arguments(
        dataset, gate.url, engine="openai", model="m", articles=1, repetitions=1, warmup=0
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("YOYAK_", "OPENAI_"))}
    ended = subprocess.run(
        [sys.executable, "-m", "yoyak.cli", "--debug", *given],
        cwd=folder,
        env={**kept, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )
    assert KEY not in ended.stdout + ended.stderr
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("variable", ["YOYAK_API_KEY", "OPENAI_API_KEY"])
def test_the_key_reaches_the_engine_and_no_file(
    tmp_path: Path, dataset: Path, gate: Gate, variable: str
) -> None:
    code, err = run(tmp_path, dataset, gate, **{variable: KEY})
    assert code == 0, err
    assert set(gate.seen) == {f"Bearer {KEY}"}
    files = [path for path in the_run(tmp_path).rglob("*") if path.is_file()]
    assert len(files) >= 8
    for path in files:
        assert KEY.encode() not in path.read_bytes()


def test_without_a_key_the_servers_refusal_is_told(
    tmp_path: Path, dataset: Path, gate: Gate
) -> None:
    code, err = run(tmp_path, dataset, gate)
    assert code != 0
    assert "401 Unauthorized: no key" in err
