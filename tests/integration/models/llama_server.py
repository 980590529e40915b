"""The real llama.cpp (the wheel) with a model, in a child process that a native crash may take.

For these tests and for benchmarks/models.py; the product's engine is in `yoyak.engines`.
"""

import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Post = Callable[[str, dict[str, Any]], dict[str, Any]]


@contextlib.contextmanager
def serving(model: Path, *, context: int) -> Iterator[Post]:
    """Give a function that posts JSON to a server with the model loaded."""
    command = [sys.executable, __file__, str(model), str(context)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")

        def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            request = urllib.request.Request(  # noqa: S310 - loopback, our own server
                f"{address}{path}",
                json.dumps(body).encode(),
                {"Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - as above
                answer: dict[str, Any] = json.load(response)
                return answer

        yield post
        server.stdin.close()
    assert server.returncode == 0


def token_ids(post: Post, text: str) -> list[int]:
    """Return the ids of a text's tokens, without begin-of-text, its tags taken as plain text."""
    body = {"content": text, "add_special": False, "parse_special": False}
    tokens: list[int] = post("/tokenize", body)["tokens"]
    return tokens


def _serve(model: str, context: int) -> None:
    """Print the address and serve until stdin closes."""
    # Imported here: only the child process shall hold the native library.
    import xllamacpp  # type: ignore[import-untyped]  # the wheel has no types

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.n_ctx = context
    params.n_parallel = 1
    params.n_ubatch = 512
    params.cpuparams.n_threads = 2
    params.n_gpu_layers = 0
    params.port = 0
    params.fit_params = False
    params.warmup = False
    params.verbosity = -1
    params.ui = False
    server = xllamacpp.Server(params)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
