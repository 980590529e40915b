"""What the runner answers over HTTP: finished runs as metrics, and how the runner itself is."""

import http.server
import threading
from collections.abc import Callable
from http import HTTPStatus
from types import TracebackType
from typing import Self

from prometheus_client.registry import CollectorRegistry

from yoyak.errors import HostError
from yoyak.records import Perf
from yoyak.telemetry.exposition import Exposition
from yoyak.telemetry.run_gauges import RunGauges

_PATIENCE_S = 10  # with a client that does not send its request
_STOP_S = 5.0


class RunnerState:
    """One line on what the runner does, and whether that is as it should be."""

    def __init__(self) -> None:
        """Begin as one that has not found its engine yet."""
        self._said: tuple[bool, str] = (False, "starting")

    @property
    def said(self) -> tuple[bool, str]:
        """(all is well, one line)."""
        return self._said

    def well(self, line: str) -> None:
        """Say what goes on."""
        self._said = (True, line)

    def unwell(self, line: str) -> None:
        """Say what is wrong."""
        self._said = (False, line)


class RunsServer:
    """Serves /metrics and /healthz on a thread of its own, one request at a time."""

    def __init__(
        self, host: str, port: int, *, runs: Callable[[], tuple[Perf, ...]], state: RunnerState
    ) -> None:
        """Listen.

        Args:
            host: address to listen on.
            port: 0 lets the kernel pick one.
            runs: what gives the finished runs, as FinishedRuns does.
            state: what /healthz tells.

        Raises:
            HostError: the address cannot be bound.
        """
        registry = CollectorRegistry(auto_describe=False)
        RunGauges(registry, runs)
        try:
            self._server = http.server.HTTPServer(
                (host, port), _handler(Exposition(registry), state)
            )
        except OSError as error:
            raise HostError(
                f"{host}:{port} cannot be listened on ({error.strerror}); stop what uses it"
            ) from error
        self._thread = threading.Thread(target=self._server.serve_forever, name="runs-server")

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(_STOP_S)


def _handler(
    exposition: Exposition, state: RunnerState
) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = _PATIENCE_S

        def do_GET(self) -> None:
            """Answer."""
            path = self.path.partition("?")[0]
            if path == "/metrics":
                body, media_type = exposition.render(self.headers.get("Accept", ""))
                self._answer(HTTPStatus.OK, body, media_type)
            elif path == "/healthz":
                is_well, line = state.said
                status = HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
                self._answer(status, f"{line}\n".encode(), "text/plain; charset=utf-8")
            else:
                self._answer(HTTPStatus.NOT_FOUND, b"/metrics or /healthz\n", "text/plain")

        def _answer(self, status: HTTPStatus, body: bytes, media_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Leave scrapes out of the log."""

    return Handler
