"""Which llama.cpp is built natively, and with which options: one list for the command and images.

An image's builder calls cmake with what `python -m yoyak.engines.native.recipe` prints.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Literal

Backend = Literal["cpu", "cuda"]
BACKENDS: tuple[Backend, ...] = ("cpu", "cuda")

# The sdist of `PACKAGE` carries llama.cpp's tree without its history, so cmake cannot find out
# which commit it is. The package's change log names the commit, and upstream's tag its number.
# requirements.txt in yoyak.bench.native_build pins the sdist by hash: change all of these together.
PACKAGE = "llama-cpp-python"
PACKAGE_VERSION = "0.3.36"
BUILD_NUMBER = 11312
COMMIT = "0c1e57098"
VERSION = f"b{BUILD_NUMBER}-{COMMIT}"  # as llama-server says it in /props

TARGETS = ("llama-server", "llama-bench")
TREE = "vendor/llama.cpp"  # in the sdist
# Of the tree, what no target needs: 150 of its 213 MB.
LEFT_OUT = (
    ".devops",
    ".github",
    "benches",
    "docs",
    "gguf-py",
    "hooks",
    "media",
    "models",
    "objects",
)


def cmake_options(
    backend: Backend, *, is_native: bool = True, cuda_architectures: str | None = None
) -> tuple[str, ...]:
    """Return cmake's -D options.

    Args:
        backend: "cuda" offloads to NVIDIA GPUs; the CPU's kernels are in both.
        is_native: use every instruction that this CPU has. False for an image that runs on other
            machines: then the kernels of all x86 generations are built, and one set is chosen
            where the engine starts.
        cuda_architectures: CMAKE_CUDA_ARCHITECTURES, such as "80-real;86-real;90"; None: the GPUs
            of this machine, or without `is_native` llama.cpp's own list.
    """
    options = {
        "CMAKE_BUILD_TYPE": "Release",
        "GGML_NATIVE": _switch(is_native),
        "GGML_CUDA": _switch(backend == "cuda"),
        # One file each, so that a build can be moved; kernels that are chosen at the start are
        # libraries, which lie beside the programs.
        "BUILD_SHARED_LIBS": _switch(not is_native),
        "GGML_BACKEND_DL": _switch(not is_native),
        "GGML_CPU_ALL_VARIANTS": _switch(not is_native),
        "LLAMA_BUILD_NUMBER": str(BUILD_NUMBER),
        "LLAMA_BUILD_COMMIT": COMMIT,
        # Nothing is fetched, neither when it is built nor when it runs.
        "LLAMA_CURL": "OFF",
        "LLAMA_OPENSSL": "OFF",
        "LLAMA_BUILD_UI": "OFF",
        "LLAMA_USE_PREBUILT_UI": "OFF",
        "LLAMA_BUILD_TESTS": "OFF",
        "LLAMA_BUILD_EXAMPLES": "OFF",
        "LLAMA_BUILD_APP": "OFF",
        "GGML_CCACHE": "OFF",
    }
    if not is_native:
        options["CMAKE_INSTALL_RPATH"] = "$ORIGIN"
        options["CMAKE_BUILD_WITH_INSTALL_RPATH"] = "ON"
    if cuda_architectures is not None:
        options["CMAKE_CUDA_ARCHITECTURES"] = cuda_architectures
    return tuple(f"-D{name}={value}" for name, value in options.items())


def _switch(is_on: bool) -> str:
    return "ON" if is_on else "OFF"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print cmake's options, one a line, for a builder that is no Python."""
    parser = argparse.ArgumentParser(
        prog="python -m yoyak.engines.native.recipe", description="cmake's options for llama.cpp"
    )
    parser.add_argument("--cuda", action="store_true", help="for NVIDIA GPUs")
    parser.add_argument("--portable", action="store_true", help="not for this CPU alone")
    parser.add_argument("--cuda-architectures", metavar="LIST", help='such as "86-real;90"')
    asked = parser.parse_args(arguments)
    options = cmake_options(
        "cuda" if asked.cuda else "cpu",
        is_native=not asked.portable,
        cuda_architectures=asked.cuda_architectures,
    )
    sys.stdout.write("".join(f"{option}\n" for option in options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
