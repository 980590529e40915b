"""Fetching a model to an Ollama server, with progress.

The one place where the package `ollama` is used: importing it takes 0.13 s of CPU, a third of what
`yoyak run` may take to its first request, so the questions of a run are asked by our own client.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yoyak.engines.http_address import parse_address
from yoyak.engines.http_errors import shortened, status_class
from yoyak.engines.json_fields import wrong_form
from yoyak.errors import EngineError

if TYPE_CHECKING:
    from ollama import ProgressResponse

SILENCE_S = 600.0  # longest without a line: a layer of 40 GB is hashed without one


@dataclass(frozen=True, slots=True, kw_only=True)
class PullProgress:
    """Where a pull stands.

    Attributes:
        status: Ollama's own words, such as "verifying sha256 digest".
        done_bytes: of all layers that were told of so far.
        total_bytes: of the same layers; it grows when another layer begins.
    """

    status: str
    done_bytes: int
    total_bytes: int


async def pull(
    url: str, model: str, *, on_progress: Callable[[PullProgress], None] | None = None
) -> None:
    """Have the server at `url` fetch `model`, and return when it has it; resumes where one broke.

    Raises:
        UsageError: `url` is no address.
        EngineError: the server cannot be reached, has no such model to fetch, fails, or falls
            silent.
    """
    # Imported here: see above.
    from httpx import HTTPError
    from ollama import AsyncClient, ResponseError

    address = parse_address(url).url
    client = AsyncClient(host=address)
    progress = _Progress()
    try:
        lines = await client.pull(model, stream=True)
        async for line in _with_deadline(lines, f'the pull of "{model}" to {address}'):
            status = progress.take(line)
            if on_progress is not None:
                on_progress(status)
    except ResponseError as error:
        has_status = error.status_code > 0
        raise EngineError(
            f'{address} cannot pull "{model}": {shortened(error.error)}; '
            "check the name, and that the server reaches its registry",
            error_class=status_class(error.status_code) if has_status else "engine_error",
            http_status=error.status_code if has_status else None,
        ) from error
    except HTTPError as error:
        raise EngineError(
            f'the pull of "{model}" to {address} broke off ({error or type(error).__name__}); '
            "start it again: it goes on where it was",
            error_class="reset" if progress.last_status else "connect",
        ) from error
    except ValueError as error:  # a line that is no JSON, or not of the package's form
        raise wrong_form(address, shortened(str(error))) from error
    finally:
        await client.close()  # type: ignore[no-untyped-call] # the package leaves it untyped
    if progress.last_status != "success":
        raise EngineError(
            f'the pull of "{model}" to {address} ended with "{progress.last_status}"; '
            "start it again: it goes on where it was",
            error_class="truncated",
        )


class _Progress:
    """Adds the layers up."""

    def __init__(self) -> None:
        self.last_status = ""
        self._done: dict[str, int] = {}
        self._total: dict[str, int] = {}

    def take(self, line: "ProgressResponse") -> PullProgress:
        self.last_status = line.status or ""
        if line.digest is not None:
            self._done[line.digest] = line.completed or 0  # absent until a first byte came
            self._total[line.digest] = line.total or 0
        return PullProgress(
            status=self.last_status,
            done_bytes=sum(self._done.values()),
            total_bytes=sum(self._total.values()),
        )


async def _with_deadline(
    lines: "AsyncIterator[ProgressResponse]", what: str
) -> "AsyncIterator[ProgressResponse]":
    """Pass lines on, as long as one comes in time."""
    while True:
        try:
            async with asyncio.timeout(SILENCE_S):
                line = await anext(lines)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise EngineError(
                f"{what} was silent for {SILENCE_S:.0f} s; see the server's log",
                error_class="timeout",
            ) from error
        yield line
