"""`python -m yoyak.engines.native.server`: a native llama-server, with the wheel's manners.

It prints one JSON line when the engine listens (see `llamacpp_server.Ready`) and ends with its
stdin, and the engine with it. It stays beside the engine to read its log: a program of others that
wrote into a pipe of the measuring process would wake it between two stamps.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

from yoyak.engines.llamacpp_server import (
    API_KEY_VARIABLE,
    SPARE_HTTP_THREADS,
    Ready,
    die_with_parent,
    parser_of,
)
from yoyak.engines.native.recipe import BACKENDS, Backend
from yoyak.engines.native.server_log import Told
from yoyak.engines.placement import cpus_to_bind, mask_of
from yoyak.errors import HostError, YoyakError
from yoyak.models import read_gguf

_MODULE = "yoyak.engines.native.server"
_ALL_LAYERS = 999
_LOG_TRACE = 4  # llama.cpp's verbosity: threads, batches and offloaded layers are told from here on
_LAST_LINES = 50
_READ_BYTES = 65536
_STDIN = 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stdin ends; return an exit code of `yoyak.errors` if that cannot be begun."""
    die_with_parent()
    parser = parser_of(_MODULE)
    parser.add_argument("--program", type=Path, required=True, metavar="FILE", help="llama-server")
    parser.add_argument("--backend", choices=BACKENDS, required=True)
    parser.add_argument("--build", required=True, metavar="TEXT", help="what the build is called")
    try:
        asked = parser.parse_args(arguments)
        read_gguf(asked.model)
        cpus = cpus_of(asked.backend, asked.threads)
        command = server_command(
            asked.program,
            backend=asked.backend,
            model=asked.model,
            threads=asked.threads,
            context=asked.context,
            batch=asked.batch,
            ubatch=asked.ubatch,
            parallel=asked.parallel,
            cpus=cpus,
            port=asked.port,
        )
        _serve(command, backend=asked.backend, build=asked.build, binds_threads=bool(cpus))
    except YoyakError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code


def cpus_of(backend: Backend, threads: int) -> tuple[int, ...]:
    """Return the CPUs to bind llama-server's threads to; none where a GPU does the work.

    The thread that drives the GPU is one of them, and would stay where it was bound.
    """
    return () if backend == "cuda" else cpus_to_bind(threads, os.sched_getaffinity(0))


def server_command(
    program: Path,
    *,
    backend: Backend,
    model: Path,
    threads: int,
    context: int,
    batch: int,
    ubatch: int,
    parallel: int,
    cpus: Collection[int] = (),
    port: int = 0,
) -> list[str]:
    """Return the command that starts llama-server as `llamacpp_server` starts the wheel's.

    Args:
        program: llama-server.
        backend: "cuda" takes all layers to the GPU.
        model: the GGUF file.
        threads: of prompt and decode.
        context: tokens of one slot.
        batch: tokens of a logical batch.
        ubatch: tokens of a physical batch.
        parallel: slots.
        cpus: one for each thread to be bound to; none: the kernel places them.
        port: 0 for one that the kernel picks.
    """
    whole = context * parallel
    options: dict[str, object] = {
        "--model": model,
        "--parallel": parallel,
        "--ctx-size": whole,
        "--batch-size": min(batch, whole),  # llama.cpp cuts it down so by itself
        "--ubatch-size": min(ubatch, batch, whole),
        "--threads": threads,
        "--threads-batch": threads,
        "--fit": "off",  # it would shrink the context to fit the memory
        "--load-mode": "none",  # as the wheel: a mapped file stays behind as a second copy
        "--cache-ram": 0,  # else up to 8 GiB of old prompts
        "--threads-http": 2 * parallel + SPARE_HTTP_THREADS,
        "--host": "127.0.0.1",
        "--port": port,
        "--log-verbosity": _LOG_TRACE,
        "--log-colors": "off",
    }
    switches = ("--no-kv-unified", "--no-cache-prompt", "--no-ui", "--slots", "--log-prefix")
    if backend == "cuda":
        options["--n-gpu-layers"] = _ALL_LAYERS
    if cpus:
        mask = mask_of(cpus)
        options |= {"--cpu-mask": mask, "--cpu-mask-batch": mask}
        options |= {"--cpu-strict": 1, "--cpu-strict-batch": 1}
    command = [str(program)]
    for name, value in options.items():
        command += [name, str(value)]
    return [*command, *switches]


def _serve(
    command: Sequence[str], *, backend: Backend, build: str, binds_threads: bool
) -> NoReturn:
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    environment = dict(os.environ)
    key = environment.pop(API_KEY_VARIABLE, "")
    if key:
        environment["LLAMA_API_KEY"] = key  # an argument would be for all to read
    try:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - there is no thread here
        )
    except OSError as error:
        raise HostError(
            f"llama-server cannot be started ({error.strerror}: {command[0]}); build it again: "
            "yoyak engine build --again"
        ) from error
    _Watch(
        process, answer, backend=backend, build=build, binds_threads=binds_threads
    ).until_the_end()


class _Watch:
    """Reads the engine's log, and sees to it that neither of the two outlives the other."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        answer: IO[str],
        *,
        backend: Backend,
        build: str,
        binds_threads: bool,
    ) -> None:
        self._process = process
        self._answer: IO[str] | None = answer
        self._backend = backend
        self._build = build
        self._binds_threads = binds_threads
        self._told = Told()
        self._rest = b""
        self._last: deque[bytes] = deque(maxlen=_LAST_LINES)

    def until_the_end(self) -> NoReturn:
        """Return never: end when stdin does, when told to, or as the engine ended."""
        signal.signal(signal.SIGTERM, self._told_to_stop)
        log = self._process.stdout
        if log is None:
            raise HostError("llama-server has no log; this is a mistake in yoyak")
        with selectors.DefaultSelector() as ready:
            ready.register(_STDIN, selectors.EVENT_READ)
            ready.register(log, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    if key.fd == _STDIN:
                        if not os.read(_STDIN, _READ_BYTES):
                            self._stop()
                    elif not self._read(os.read(log.fileno(), _READ_BYTES)):
                        self._end_as_the_engine()

    def _read(self, data: bytes) -> bool:
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._last.extend(lines)
        if self._answer is not None:
            for line in lines:
                self._told.read(line.decode("utf-8", "replace"))
            if self._told.url is not None:
                self._say_ready(self._told.url)
        return bool(data)

    def _say_ready(self, url: str) -> None:
        told = self._told
        # A CUDA build that took no layer to a GPU computes on the CPU, whatever it can do.
        is_offloaded = self._backend == "cuda" and told.gpu_layers != 0
        ready = Ready(
            url=url,
            pid=self._process.pid,
            version=None,
            build=self._build,
            isa=told.isa,
            backend="cuda" if is_offloaded else "cpu",
            threads=told.threads,
            batch_tokens=told.batch_tokens,
            ubatch_tokens=told.ubatch_tokens,
            loads_with_mmap=False,
            binds_threads=self._binds_threads,
        )
        if self._answer is not None:
            self._answer.write(json.dumps(asdict(ready)) + "\n")
            self._answer.close()
            self._answer = None

    def _told_to_stop(self, _signal: int, _frame: FrameType | None) -> NoReturn:
        self._stop()

    def _stop(self) -> NoReturn:
        """End both. Nothing is to be saved, and its own way of ending may take long."""
        self._process.kill()
        self._process.wait()
        os._exit(0)

    def _end_as_the_engine(self) -> NoReturn:
        """Pass on its last words, and its exit code or the signal that killed it."""
        code = self._process.wait()
        sys.stderr.buffer.write(b"\n".join([*self._last, self._rest]) + b"\n")
        sys.stderr.flush()
        if code < 0:
            signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
            os.kill(os.getpid(), -code)
        os._exit(code if code > 0 else HostError.exit_code)


if __name__ == "__main__":
    sys.exit(main())
