"""The server: listens, finds out what each request wants, and plays it."""

import select
from collections import Counter
from resource import RUSAGE_SELF, getrusage
from time import monotonic_ns, time_ns

from ollama_replay.answer import Answer
from ollama_replay.bodies import ApiError, Question, parse_model_name, parse_question
from ollama_replay.catalogue import openai_models, ps, show, tags
from ollama_replay.connection import Connection, Request, listening
from ollama_replay.exchange import OPENAI_PREFIX, Exchange, Stage
from ollama_replay.lines import Api, compact
from ollama_replay.loop import Loop
from ollama_replay.options import WrongOptionError, checked_options, load_options
from ollama_replay.pull import PullExchange
from ollama_replay.responses import BUSY, TEXT_TYPE, fault_message
from ollama_replay.runners import QueueFullError, Runners, Ticket
from ollama_replay.script import Fault, Model, Script, full_name
from ollama_replay.truth import Event, TruthLog
from yoyak.units import NS_PER_S

GREETING = b"Ollama is running"
APIS: dict[str, Api] = {
    "/api/generate": "generate",
    "/api/chat": "chat",
    "/v1/chat/completions": "openai_chat",
    "/v1/completions": "openai_completions",
}
READS = {
    "/": "root",
    "/api/version": "version",
    "/api/tags": "tags",
    "/v1/models": "tags",
    "/api/ps": "ps",
}
WRITES = {"/api/show": "show", "/api/pull": "pull"}
REOPEN_RETRY_NS = 5_000_000


class ReplayServer:
    """A bound and listening server; `run` answers until `stop`.

    Raises:
        OSError: the address cannot be bound.
    """

    def __init__(self, script: Script, log: TruthLog, host: str, port: int) -> None:
        self._host = host
        self._listener = listening(host, port)
        self._port: int = self._listener.getsockname()[1]
        self.loop = Loop(log.write_some)
        runners = Runners(self.loop, script)
        self._stage = Stage(self.loop, script, runners, log, restart=self._restart)
        self._installed = {one.name: one for one in script.models if one.is_installed}
        self._counts: Counter[str] = Counter()
        self._connections: set[Connection] = set()

    @property
    def url(self) -> str:
        """Return scheme, host and port without a slash at the end."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    def run(self) -> None:
        """Answer until the loop is stopped."""
        self._stage.warm()
        self._log("start", wall_ns=time_ns(), url=self.url, seed=self._stage.script.seed)
        self._watch_listener()
        self.loop.run()
        self._stage.ending = "stopped"
        self._end_connections()
        used = getrusage(RUSAGE_SELF)
        self._log(
            "stop",
            cpu_s=used.ru_utime + used.ru_stime,
            # How often the kernel gave the core to someone else: each may have made a write late.
            involuntary_switches=used.ru_nivcsw,
        )
        if self._listener.fileno() >= 0:  # not so while a restart has it closed
            self.loop.forget(self._listener.fileno())
            self._listener.close()
        self.loop.close()

    def _end_connections(self) -> None:
        for connection in tuple(self._connections):
            connection.gone()

    def _log(self, event: str, **more: object) -> None:
        self._stage.log.add(Event(event, monotonic_ns(), **more))

    def _watch_listener(self) -> None:
        self.loop.watch(self._listener.fileno(), select.EPOLLIN, self._accept)

    def _accept(self, _events: int) -> None:
        try:
            sock, _ = self._listener.accept()
        except OSError:  # it left again, or no file descriptor is free: the next one may do
            return
        connection = Connection(
            self.loop,
            sock,
            monotonic_ns(),
            handle=self._handle,
            closed=self._connections.discard,
        )
        self._connections.add(connection)

    def _restart(self, up_ns: int) -> None:
        """End every connection and the listening; forget what is loaded; come back at `up_ns`."""
        stage = self._stage
        if stage.ending is not None:  # it is down already
            return
        self._log("down")
        stage.ending = "restart"
        self.loop.forget(self._listener.fileno())
        self._listener.close()
        stage.runners.clear()
        self._end_connections()
        self.loop.at(up_ns, self._come_back)

    def _come_back(self, due_ns: int) -> None:
        try:
            self._listener = listening(self._host, self._port)
        except OSError:  # someone has taken the port meanwhile
            self.loop.at(due_ns + REOPEN_RETRY_NS, self._come_back)
            return
        self._stage.ending = None
        self._watch_listener()
        self._log("up")

    def _handle(self, connection: Connection, request: Request) -> None:
        path, method = request.path, request.method
        if path in APIS and method == "POST":
            self._ask(connection, request, APIS[path])
        elif path in READS and method in ("GET", "HEAD"):
            self._read(connection, request, READS[path])
        elif path in WRITES and method == "POST":
            self._write(connection, request, WRITES[path])
        else:
            is_known = path in APIS or path in READS or path in WRITES
            status, said = (
                (405, b"405 method not allowed") if is_known else (404, b"404 page not found")
            )
            self._plain(connection, request, "other", None).reply(
                status, said, request.received_ns, content_type=TEXT_TYPE
            )

    def _plain(
        self, connection: Connection, request: Request, on: str, model_name: str | None
    ) -> Exchange:
        """Return an exchange without a stream, counted, with its fault."""
        index, fault = self._count(on, model_name)
        return Exchange(
            self._stage,
            connection,
            request,
            on=on,
            index=index,
            model_name=model_name,
            fault=fault,
        )

    def _count(self, on: str, model_name: str | None) -> tuple[int, Fault | None]:
        index = self._counts[on]
        self._counts[on] += 1
        return index, self._stage.script.fault_for(on, index, model_name)

    def _read(self, connection: Connection, request: Request, on: str) -> None:
        stage = self._stage
        exchange = self._plain(connection, request, on, None)
        if self._fails(exchange):
            return
        now_ns = request.received_ns
        if on == "root":
            exchange.reply(200, GREETING, now_ns, content_type=TEXT_TYPE)
        elif on == "version":
            exchange.reply(200, compact({"version": stage.script.version}), now_ns)
        elif on == "tags" and request.path.startswith(OPENAI_PREFIX):
            listed = openai_models(list(self._installed.values()), time_ns() // NS_PER_S)
            exchange.reply(200, compact(listed), now_ns)
        elif on == "tags":
            exchange.reply(200, compact(tags(list(self._installed.values()))), now_ns)
        else:
            said = ps(stage.runners.loaded(), monotonic_ns(), time_ns())
            exchange.reply(200, compact(said), now_ns)

    def _write(self, connection: Connection, request: Request, on: str) -> None:
        try:
            name, is_streamed = parse_model_name(request.body)
        except ApiError as cause:
            exchange = self._plain(connection, request, on, None)
            exchange.error(cause.status, cause.message, request.received_ns)
            return
        if on == "pull":
            self._pull(connection, request, name, is_streamed=is_streamed)
            return
        exchange = self._plain(connection, request, on, full_name(name))
        model = self._installed.get(full_name(name))
        if self._fails(exchange):
            return
        if model is None:
            exchange.error(404, f"model '{name}' not found", request.received_ns)
        else:
            exchange.reply(200, compact(show(model)), request.received_ns)

    def _pull(
        self, connection: Connection, request: Request, name: str, *, is_streamed: bool
    ) -> None:
        tagged = full_name(name)
        index, fault = self._count("pull", tagged)
        exchange = PullExchange(
            self._stage,
            connection,
            request,
            index=index,
            fault=fault,
            name=tagged,
            model=next((one for one in self._stage.script.models if one.name == tagged), None),
            install=self._install,
        )
        if not self._fails(exchange):
            exchange.begin(is_streamed=is_streamed)

    def _install(self, model: Model) -> None:
        self._installed[model.name] = model

    def _fails(self, exchange: Exchange) -> bool:
        """Answer with the status that the script wants, if it does; return whether it did."""
        fault = exchange.fault
        if fault is None or fault.kind != "status" or fault.status is None:
            return False
        exchange.has_fired = True
        exchange.error(
            fault.status, fault_message(fault, fault.status), exchange.request.received_ns
        )
        return True

    def _ask(self, connection: Connection, request: Request, api: Api) -> None:
        try:
            question = parse_question(api, request.body)
        except ApiError as cause:
            exchange = self._plain(connection, request, "answer", None)
            exchange.error(cause.status, cause.message, request.received_ns)
            return
        name = full_name(question.model)
        model = self._installed.get(name)
        on = _wanted(question)
        if model is None:
            exchange = self._plain(connection, request, on, name)
            if not self._fails(exchange):
                _say_unknown(exchange, question)
        elif on == "answer":
            self._answer(connection, request, question, model)
        else:
            exchange = self._plain(connection, request, on, name)
            if not self._fails(exchange):
                self._load_or_unload(exchange, question, model)

    def _answer(
        self, connection: Connection, request: Request, question: Question, model: Model
    ) -> None:
        index, fault = self._count("answer", model.name)
        answer = Answer(self._stage, connection, request, question, model, index=index, fault=fault)
        if self._fails(answer):
            return
        try:
            answer.begin()
        except WrongOptionError as cause:
            answer.error(500, str(cause), request.received_ns)
        except QueueFullError:
            answer.error(503, BUSY, request.received_ns)

    def _load_or_unload(self, exchange: Exchange, question: Question, model: Model) -> None:
        """Answer an empty question: unload is answered at once, load when the model is there."""
        stage, received_ns = self._stage, exchange.request.received_ns
        lines = stage.lines(question.api, question.model, is_framed=True)
        if exchange.on == "unload":
            stage.runners.expire(model, received_ns)
            exchange.reply(200, lines.last_object(stage.wall.now(), "unload"), received_ns)
            return
        try:
            options = checked_options(question.options)
        except WrongOptionError as cause:
            exchange.error(500, str(cause), received_ns)
            return

        def granted() -> None:
            stage.loop.at(ticket.granted_ns, loaded)

        def loaded(due_ns: int) -> None:
            exchange.reply(200, lines.last_object(stage.wall.now(), "load"), due_ns)
            stage.runners.release(ticket, due_ns)
            ticket.forget()

        ticket = Ticket(
            model=model,
            load_options=load_options(options, stage.script.context, shift=question.shift),
            keep_alive_ns=question.keep_alive_ns,
            received_ns=received_ns,
            needs_slot=False,
            granted=granted,
            killed=lambda now_ns: exchange.error(
                500, fault_message(Fault(kind="reset"), 500), now_ns
            ),
        )
        try:
            stage.runners.submit(ticket)
        except QueueFullError:
            exchange.error(503, BUSY, received_ns)


def _wanted(question: Question) -> str:
    """Return what a question is for: an answer, loading or unloading."""
    if not question.is_empty:
        return "answer"
    return "unload" if question.keep_alive_ns == 0 else "load"


def _say_unknown(exchange: Exchange, question: Question) -> None:
    if question.api == "chat" and not question.model:
        exchange.error(400, "model is required", exchange.request.received_ns)
    else:
        said = f"model '{question.model}' not found"
        exchange.error(404, said, exchange.request.received_ns)
