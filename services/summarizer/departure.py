"""Stopping our work when the client has gone away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import Receive


class ClientLeftError(Exception):
    """The connection was closed before the answer was complete."""


@asynccontextmanager
async def stopped_by_departure(receive: Receive) -> AsyncIterator[None]:
    """Cancel the block as soon as the client disconnects.

    The body must have been read: all that `receive` can still bring is the disconnect.

    Raises:
        ClientLeftError: the client went away and the block was cancelled for it.
    """
    worker = asyncio.current_task()
    if worker is None:
        raise RuntimeError("needs a running task")
    has_left = False

    async def watch() -> None:
        nonlocal has_left
        while (await receive())["type"] != "http.disconnect":
            pass
        has_left = True
        worker.cancel()

    watcher = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        # Others may have cancelled us too; then their cancellation goes on.
        if has_left and worker.uncancel() == 0:
            raise ClientLeftError from None
        raise
    finally:
        watcher.cancel()
