"""`python -m yoyak.bench.stack.carried_engine FOLDER CACHE`: the native build of an image.

A build made on a host is good for that CPU alone. One in an image holds the kernels of all CPUs and
chooses among them when it starts, so it may be entered in the cache as a build for the CPU that is
here: a folder with links to its programs, and `build.json`.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from yoyak.engines.native.builds import (
    BENCH,
    SERVER,
    NativeBuild,
    cpu_sha256,
    engines_folder,
    folder_name,
    write_facts,
)
from yoyak.engines.native.recipe import VERSION, cmake_options
from yoyak.errors import HostError, UsageError, YoyakError
from yoyak.host.facts import host_facts


def enter(carried: Path, cache: Path, *, root: Path = Path("/")) -> NativeBuild:
    """Return the CUDA build of an image as this host's cache now knows it.

    Args:
        carried: the image's folder with llama-server and llama-bench.
        cache: where engines are looked for.
        root: where /proc is.

    Raises:
        HostError: the image carries none, the CPU tells no flags, or the cache cannot be written.
    """
    programs = {name: carried / name for name in (SERVER, BENCH)}
    missing = [name for name, path in programs.items() if not path.is_file()]
    if missing:
        raise HostError(
            f"{carried} holds no {' and no '.join(missing)}; build the image with ENGINE=cuda: "
            "docker compose build summarizer"
        )
    cpu = cpu_sha256(root)
    if cpu is None:
        raise HostError("/proc/cpuinfo lists no flags, so no build can be entered for this CPU")
    folder = engines_folder(cache) / folder_name(VERSION, "cuda", cpu)
    build = NativeBuild(
        folder=folder,
        version=VERSION,
        backend="cuda",
        cpu_sha256=cpu,
        cpu_model=host_facts(ask_metadata=False).cpu_model,
        compiler=None,
        isa=None,
        options=cmake_options("cuda", is_native=False),
        built_at=datetime.fromtimestamp(programs[SERVER].stat().st_mtime, UTC).isoformat(
            timespec="seconds"
        ),
        build_s=0.0,
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, path in programs.items():
            part = folder / f".{name}.part"
            part.unlink(missing_ok=True)
            part.symlink_to(path)
            part.replace(folder / name)
        write_facts(build)
    except OSError as error:
        raise HostError(
            f"{folder} cannot be written ({error.strerror}); make the models folder writable"
        ) from error
    return build


def main(arguments: Sequence[str]) -> int:
    """Enter the build and return the exit code."""
    try:
        if len(arguments) != 2:
            raise UsageError("FOLDER and CACHE are wanted; see docker/compose.embedded-nvidia.yaml")
        build = enter(Path(arguments[0]), Path(arguments[1]))
    except YoyakError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    sys.stderr.write(f"engine: llama.cpp {build.version} with CUDA\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
