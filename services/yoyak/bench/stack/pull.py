"""`python -m yoyak.bench.stack.pull URL MODEL`: an Ollama server's model, fetched if not there.

One that is there costs no question to the registry: a host without a network starts again.
"""

import asyncio
import sys
from collections.abc import Sequence

from yoyak.bench.stack.steps import Steps
from yoyak.engines.http_stream import HttpClient
from yoyak.engines.ollama_pull import PullProgress, pull
from yoyak.errors import EngineError, UsageError, YoyakError

_NOT_FOUND = 404


async def provide(url: str, model: str) -> None:
    """Have the server at `url` hold `model`.

    Raises:
        EngineError: the server cannot be reached, or cannot fetch it.
        UsageError: `url` is no address, or `model` is a file.
    """
    if model.endswith(".gguf"):
        raise UsageError(
            f'YOYAK_MODEL is "{model}", a file; Ollama takes a name such as '
            "mistral:7b-instruct-q4_0. For a file, COMPOSE_FILE=compose.yaml:"
            "docker/compose.embedded.yaml in .env"
        )
    if await _is_there(url, model):
        _log(f"{model} is there")
        return
    _log(f"pulling {model}")
    steps = Steps(f"pulling {model}")

    def on_progress(progress: PullProgress) -> None:
        steps(progress.done_bytes, progress.total_bytes)

    await pull(url, model, on_progress=on_progress)
    _log(f"{model} is there")


async def _is_there(url: str, model: str) -> bool:
    client = HttpClient(url)
    try:
        await client.request_json("POST", "/api/show", {"model": model})
    except EngineError as error:
        if error.http_status == _NOT_FOUND:
            return False
        raise
    finally:
        await client.close()
    return True


def _log(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main(arguments: Sequence[str]) -> int:
    """Provide the model and return the exit code."""
    try:
        if len(arguments) != 2:
            raise UsageError("URL and MODEL are wanted; see compose.yaml")
        asyncio.run(provide(arguments[0], arguments[1]))
    except YoyakError as error:
        _log(f"error: {error}")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
