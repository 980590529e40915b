"""Where tests find a native build of llama.cpp: in the cache that YOYAK_TEST_ENGINES names."""

import os
from pathlib import Path

from yoyak.config import Build
from yoyak.engines.native.builds import NativeBuild, find_build

CACHE = Path(os.environ.get("YOYAK_TEST_ENGINES") or Path(__file__).parents[3] / ".cache")
WHY_NOT = (
    f"no native build of llama.cpp is in {CACHE}: yoyak engine build --cache .cache makes one, "
    "YOYAK_TEST_ENGINES names another cache"
)


def native_build() -> NativeBuild | None:
    """Return the native build for this CPU, or None."""
    return find_build(CACHE, "cpu")


def engine_builds() -> list[Build | NativeBuild]:
    """Return what the embedded engine is tested with: the wheel, and a native build if any."""
    native = native_build()
    return ["wheel"] if native is None else ["wheel", native]


def program_of(build: Build | NativeBuild) -> bytes:
    """Return what stands in the command line of the process that does the work."""
    if isinstance(build, NativeBuild):
        return str(build.server).encode()
    return b"yoyak.engines.llamacpp_server"
