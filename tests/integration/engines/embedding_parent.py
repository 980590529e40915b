"""Starts the embedded engine, prints its pid, and waits to be killed."""

import asyncio
import sys
from pathlib import Path

from yoyak.engines.embedded import EmbeddedLlama, Settings


async def main(model: Path) -> None:
    engine = EmbeddedLlama(
        Settings(model=model, threads=1, context=256, batch=256, parallel=1, timeout_s=60.0)
    )
    facts = await engine.describe()
    sys.stdout.write(f"{facts.pid}\n")
    sys.stdout.flush()
    await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
