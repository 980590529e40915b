"""The service as a process: socket, engine and server, and an end that leaves nothing behind."""

import asyncio
import contextlib
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator

import uvicorn

from summarizer.app import Parts, create_app
from summarizer.engine_keeper import EngineKeeper
from summarizer.observation import HostView, Observation
from summarizer.settings import Settings
from summarizer.short_way import short_way
from summarizer.slots import Slots
from summarizer.summaries import Summarizer
from summarizer.tracing import Tracing
from yoyak.engines import open_engine
from yoyak.errors import HostError, InterruptedRun
from yoyak.host.facts import host_facts
from yoyak.host.gpu import open_gpus
from yoyak.host.topology import auto_threads

KEEP_ALIVE_S = 75  # a client may think between two requests; nginx's default
BACKLOG = 512
CHANGE_TIMEOUT_S = 1800.0  # of an unload or a load: 70 GB from a disk of 40 MB/s


def listen(host: str, port: int) -> socket.socket:
    """Return a bound socket, so that a port in use is found before a model is loaded.

    Raises:
        HostError: the address cannot be bound.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise HostError(f"--host {host} is no address of this host ({error.strerror})") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise HostError(
            f"{host}:{port} cannot be listened on ({error.strerror}); "
            "stop what uses it or give --port 0"
        ) from error
    listener.setblocking(False)
    return listener


def url_of(listener: socket.socket, host: str) -> str:
    """Return the address under which the socket is reached from this host."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{listener.getsockname()[1]}"


class _Server(uvicorn.Server):
    """Leaves the signals to us: uvicorn would raise them again once it has stopped."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM, SIGINT or, where asked for, the parent's end.

    Prints one JSON line to stdout when the model is loaded; answers from before that, with
    /readyz false.

    Raises:
        HostError: the port is taken, or the engine does not start.
        UsageError: the model cannot be used.
        InterruptedRun: SIGINT.
    """
    with contextlib.closing(listen(settings.host, settings.port)) as listener:
        await _serve_on(listener, settings)


async def _serve_on(listener: socket.socket, settings: Settings) -> None:
    keeper = EngineKeeper(
        open_engine(
            settings.engine,
            url=settings.engine_url,
            model=settings.model,
            threads=auto_threads() if settings.threads is None else settings.threads,
            context=settings.context,
            batch=settings.batch,
            parallel=settings.concurrency,
            timeout_s=settings.timeout_s,
            cache_dir=settings.cache.expanduser(),
            build=settings.build,
            api_key=settings.api_key,
        ),
        change_timeout_s=max(CHANGE_TIMEOUT_S, settings.timeout_s),
    )
    slots = Slots(concurrency=settings.concurrency, queue=settings.queue)
    tracing = Tracing(settings.traces, is_quiet=lambda: slots.is_idle)
    observation = Observation(keeper=keeper, slots=slots, tracing=tracing)
    summarizer = Summarizer(
        keeper=keeper,
        slots=slots,
        metrics=observation.requests,
        tracing=tracing,
        timeout_s=settings.timeout_s,
    )
    parts = Parts(
        settings=settings,
        keeper=keeper,
        slots=slots,
        observation=observation,
        tracing=tracing,
        summarizer=summarizer,
    )
    server = _Server(
        uvicorn.Config(
            create_app(parts),
            http=short_way(summarizer, body_limit_bytes=settings.body_limit_bytes),
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,  # nothing here asks who the client is
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=max(1, round(settings.grace_s)),
        )
    )
    stop = _Stop(server)
    with stop.on_signals(), stop.on_end_of_parent(settings.die_with_parent):
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        starting = asyncio.create_task(_start(settings, parts, url_of(listener, settings.host)))
        starting.add_done_callback(lambda task: stop.now() if _failed(task) else None)
        try:
            await serving
        finally:
            starting.cancel()
            try:
                with contextlib.suppress(asyncio.CancelledError):
                    await starting
            finally:
                observation.close()
                await keeper.close()
                await asyncio.to_thread(tracing.close)
    if stop.by == signal.SIGINT:
        raise InterruptedRun("interrupted")


async def _start(settings: Settings, parts: Parts, url: str) -> None:
    """Find out about the host, start the engine, and say that we are ready."""
    facts = await asyncio.to_thread(host_facts, told=settings.told)
    gpus = await asyncio.to_thread(open_gpus)
    parts.observation.see_host(HostView(facts=facts, gpus=gpus))
    await asyncio.to_thread(parts.tracing.start, facts)
    await parts.keeper.start()
    if parts.keeper.facts is not None:
        engine = parts.keeper.facts
        parts.observation.requests.identify(provider=engine.name, model=engine.model.name)
    gc.collect()
    gc.freeze()  # what the start made stays for good: later collections need not walk it
    sys.stdout.write(json.dumps({"url": url}) + "\n")
    sys.stdout.flush()


def _failed(task: "asyncio.Task[None]") -> bool:
    return not task.cancelled() and task.exception() is not None


class _Stop:
    """Who ended the service; a second signal ends it without grace."""

    def __init__(self, server: uvicorn.Server) -> None:
        self.by: signal.Signals | None = None
        self._server = server

    def now(self) -> None:
        """Begin to stop; called again, give up what is in flight."""
        if self._server.should_exit:
            self._server.force_exit = True
        self._server.should_exit = True

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    @contextlib.contextmanager
    def on_end_of_parent(self, is_wanted: bool) -> Iterator[None]:
        """Stop when the process that started us ends.

        A pidfd becomes readable then. prctl's PR_SET_PDEATHSIG would fire already when the
        *thread* ends that started us.
        """
        if not is_wanted:
            yield
            return
        loop = asyncio.get_running_loop()
        parent = os.getppid()
        descriptor = os.pidfd_open(parent)
        if os.getppid() != parent:  # it ended in between, and its number may be another's now
            self.now()
        loop.add_reader(descriptor, self._orphaned, descriptor)
        try:
            yield
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    def _signalled(self, number: signal.Signals) -> None:
        self.by = self.by or number
        self.now()

    def _orphaned(self, descriptor: int) -> None:
        asyncio.get_running_loop().remove_reader(descriptor)
        self.now()
