"""`python -m yoyak.engines.llamacpp_server`: llama.cpp's own server from the wheel, as a process.

A process of its own, so that a native crash kills no run and its memory and CPU can be told apart.
When it listens it prints one JSON line (see `Ready`), then it serves until its stdin ends.
"""

import argparse
import ctypes
import json
import os
import platform
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, NoReturn

from yoyak.engines.placement import cpus_to_bind
from yoyak.errors import HostError, UsageError, YoyakError
from yoyak.models import read_gguf

_MODULE = "yoyak.engines.llamacpp_server"
API_KEY_VARIABLE = "YOYAK_LLAMACPP_API_KEY"  # not an argument: those are for all to read
UBATCH = 512  # as Ollama starts its llama-server
# Each connection holds one of the server's HTTP threads: one a slot in use, one a slot ready for
# the next request, and some for questions.
SPARE_HTTP_THREADS = 8
# The wheel holds one build, made for these; elsewhere it dies of an illegal instruction.
_X86_FLAGS = ("avx", "avx2", "fma", "f16c", "bmi2")
_ERRORS_ONLY = 1  # llama.cpp's verbosity: its errors on stderr, nothing else
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What the server says of itself once it listens: as it took it, not as it was told.

    What a native server's log does not tell is None.
    """

    url: str
    pid: int  # root of the process tree that does the work
    version: str | None  # llama.cpp's build number; None: as /props says
    build: str
    isa: str | None
    backend: str
    threads: int | None
    batch_tokens: int | None
    ubatch_tokens: int | None
    loads_with_mmap: bool
    binds_threads: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stdin ends; return an exit code of `yoyak.errors` if that cannot be begun."""
    die_with_parent()
    # llama.cpp and its libraries write where they like; our one line goes where it can be found.
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        asked = parser_of(_MODULE).parse_args(arguments)
        check_instruction_set(Path("/proc/cpuinfo"), platform.machine())
        read_gguf(asked.model)
        _serve(asked, answer)
    except YoyakError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


def check_instruction_set(cpuinfo: Path, machine: str) -> None:
    """Raise HostError if this is an x86 CPU without what the wheel was built for."""
    if machine not in ("x86_64", "AMD64"):
        return
    try:
        text = cpuinfo.read_text()
    except OSError:
        return  # not Linux; nothing else tells
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "").split()
    missing = [flag for flag in _X86_FLAGS if flag not in flags]
    if flags and missing:
        raise HostError(
            f"this CPU lacks {', '.join(missing)}, which the llama.cpp in the package xllamacpp "
            "needs; build it for this CPU: yoyak engine build"
        )


def _serve(asked: argparse.Namespace, answer: IO[str]) -> NoReturn:
    # Slow to import, and only once the CPU is known to be able.
    import xllamacpp  # type: ignore[import-untyped] # ships no types

    params = xllamacpp.CommonParams()
    params.model.path = str(asked.model)
    params.n_parallel = asked.parallel
    params.n_ctx = asked.context * asked.parallel
    params.kv_unified = False  # each slot has its own share
    params.n_batch = min(asked.batch, params.n_ctx)  # llama.cpp cuts it down so by itself
    params.n_ubatch = min(asked.ubatch, params.n_batch)
    cpus = cpus_to_bind(asked.threads, os.sched_getaffinity(0))
    for threads in (params.cpuparams, params.cpuparams_batch):
        threads.n_threads = asked.threads
        if cpus:
            threads.cpumask = [cpu in cpus for cpu in range(len(threads.cpumask))]
            threads.mask_valid = threads.strict_cpu = True
    params.n_gpu_layers = 0
    params.fit_params = False  # it would shrink the context to fit the memory
    # Like Ollama on the CPU: the weights are repacked at load, so a mapped file would only stay
    # behind as a second copy (1b preset: RSS 763 MB against 1280 MB, same speed).
    params.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
    params.cache_prompt = False
    params.cache_ram_mib = 0  # else up to 8 GiB of old prompts
    params.n_threads_http = 2 * asked.parallel + SPARE_HTTP_THREADS
    params.hostnames = ["127.0.0.1"]
    params.port = asked.port
    params.ui = False
    params.endpoint_slots = True
    params.verbosity = _ERRORS_ONLY
    key = os.environ.pop(API_KEY_VARIABLE, "")
    if key:
        params.api_keys = [key]
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        where = f" on port {asked.port}" if asked.port else ""
        raise HostError(f"llama.cpp could not start{where}: {error}") from error
    ready = Ready(
        url=server.listening_address,
        pid=os.getpid(),
        version=f"b{xllamacpp.__version__.rpartition('.')[2]}",
        build=f"xllamacpp {xllamacpp.__version__} ({xllamacpp.BUILD_INFO['compiler']})",
        isa=xllamacpp.get_system_info().strip(" |\n"),
        backend="cpu",
        threads=params.cpuparams.n_threads,
        batch_tokens=params.n_batch,
        ubatch_tokens=params.n_ubatch,
        loads_with_mmap=False,
        binds_threads=bool(cpus),
    )
    answer.write(json.dumps(asdict(ready)) + "\n")
    answer.flush()
    sys.stdin.buffer.read()
    os._exit(0)  # nothing is to be saved, and joining the server's threads may take long


def die_with_parent() -> None:
    """End when the process that started us does, even by SIGKILL, while a native call runs too."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def parser_of(module: str) -> argparse.ArgumentParser:
    """Return a parser of what a server is started with, whichever llama.cpp it is."""
    parser = _Parser(prog=f"python -m {module}", allow_abbrev=False)
    parser.add_argument("--model", type=Path, required=True, metavar="FILE")
    for option, meaning in (
        ("threads", "of prompt and decode"),
        ("context", "tokens of a slot"),
        ("batch", "tokens of a logical batch"),
        ("parallel", "slots"),
    ):
        parser.add_argument(f"--{option}", type=int, required=True, metavar="N", help=meaning)
    parser.add_argument("--ubatch", type=int, default=UBATCH, metavar="N")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="0: the kernel picks one")
    return parser


if __name__ == "__main__":
    sys.exit(main())
