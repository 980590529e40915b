"""The service's addresses."""

import dataclasses
import time
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Scope

from summarizer import problems
from summarizer.edge import SCOPE_KEY, Caller, Edge, OnProblem
from summarizer.engine_keeper import EngineKeeper
from summarizer.observation import Observation
from summarizer.problems import Problem
from summarizer.schema import (
    LoadOut,
    ProblemOut,
    SummaryOut,
    SummaryRequest,
    TokensOut,
    TokensRequest,
)
from summarizer.service_discovery import target_groups
from summarizer.settings import Settings
from summarizer.slots import Slots
from summarizer.summaries import Summarizer, Summary, SummaryResponse, generation_request
from summarizer.tracing import Tracing
from yoyak import __version__, prompts
from yoyak.errors import EngineError
from yoyak.telemetry import names
from yoyak.telemetry.metrics import FinishedRequest
from yoyak.telemetry.spans import ServedRequest

SUMMARIES = names.SUMMARIES_ROUTE


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the addresses work with."""

    settings: Settings
    keeper: EngineKeeper
    slots: Slots
    observation: Observation
    tracing: Tracing
    summarizer: Summarizer


def create_app(parts: Parts) -> ASGIApp:
    """Return the ASGI application of one service."""
    app = FastAPI(
        title="yoyak summarizer",
        version=__version__,
        description="A news article in, a summary of it out, with the engine's own timings.",
        docs_url=None,  # its page loads scripts from a public CDN
        redoc_url=None,
        # Its own spans would be made in the timed path; ours are made after the last byte.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    _add_summaries(app, parts)
    _add_engine(app, parts)
    _add_observation(app, parts)
    _add_problems(app, parts)
    written = app.openapi
    app.openapi = lambda: _with_problem_type(written())  # type: ignore[method-assign] # FastAPI's documented way
    return Edge(
        app,
        body_limit_bytes=parts.settings.body_limit_bytes,
        on_problem=_refusals(parts),
    )


def _add_summaries(app: FastAPI, parts: Parts) -> None:
    summarizer = parts.summarizer

    @app.post(
        SUMMARIES,
        response_class=Response,
        responses={
            200: {
                "model": SummaryOut,
                "description": "The summary; with `stream`, one NDJSON line a chunk and a last one",
                "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
            },
            **_problems(400, 413, 422, 429, 502, 503, 504),
        },
    )
    async def summarize(asked: SummaryRequest, request: Request) -> Response:
        """Summarize one article."""
        return SummaryResponse(Summary(summarizer, asked, _caller(request)))

    @app.post("/v1/tokens", responses=_problems(400, 413, 422, 502, 503, 504))
    async def count_tokens(asked: TokensRequest, request: Request) -> TokensOut:
        """Count the tokens of an article's prompt, any wrapping by the engine included."""
        engine = parts.keeper.engine()
        whole = SummaryRequest.model_validate(
            {"article": asked.article, "options": {"nonce": asked.nonce}}
        )
        prompt = generation_request(whole, _caller(request))
        return TokensOut(prompt_tokens=await summarizer.guard.count(engine.count_tokens, prompt))


def _add_engine(app: FastAPI, parts: Parts) -> None:
    @app.get("/v1/engine", response_class=JSONResponse, responses=_problems(503))
    async def describe() -> Response:
        """Say what the engine says of itself, and which template makes the prompts."""
        facts = await parts.keeper.describe()
        facts = dataclasses.replace(facts, via=None, template_sha256=prompts.TEMPLATE_SHA256)
        return JSONResponse(dataclasses.asdict(facts))

    @app.post("/v1/engine/unload", status_code=204, responses=_problems(409, 502, 503, 504))
    async def unload() -> None:
        """Take the model out of memory; refused while requests are in flight."""
        _refuse_while_busy(parts.slots)
        await parts.keeper.unload()

    @app.post("/v1/engine/load", responses=_problems(409, 502, 503, 504))
    async def load() -> LoadOut:
        """Load the model; refused while requests are in flight."""
        _refuse_while_busy(parts.slots)
        result = await parts.keeper.load()
        parts.observation.requests.record_load(result.load_s, result.state)
        return LoadOut(load_s=result.load_s, state=result.state, cached_ratio=result.cached_ratio)


def _add_observation(app: FastAPI, parts: Parts) -> None:
    @app.get("/metrics", response_class=Response)
    async def metrics(request: Request) -> Response:
        """Export metrics: OpenMetrics with exemplars where it is accepted, else Prometheus text."""
        await _look_at_engine(parts)
        body, media_type = await parts.observation.scrape(request.headers.get("accept", ""))
        return Response(body, headers={"content-type": media_type})

    @app.get("/healthz", response_class=Response)
    async def alive() -> Response:
        """Say that the service itself answers."""
        return Response("ok\n", media_type="text/plain")

    @app.get("/readyz", response_class=Response, responses=_problems(503))
    async def ready() -> Response:
        """Say whether the engine answers and its model is loaded."""
        await _look_at_engine(parts)
        parts.keeper.engine()
        return Response("ready\n", media_type="text/plain")

    @app.get("/sd", response_class=JSONResponse)
    async def service_discovery(request: Request) -> Response:
        """List this host's targets for Prometheus' HTTP service discovery."""
        settings, host = parts.settings, parts.observation.host
        accelerator = settings.accelerator
        groups = target_groups(
            settings.sd_targets,
            own_address=request.headers.get("host") or f"{settings.host}:{settings.port}",
            host=None if host is None else host.facts,
            accelerator=accelerator if host is None else host.accelerator(accelerator),
        )
        return JSONResponse(groups)


def _add_problems(app: FastAPI, parts: Parts) -> None:
    note = _refusals(parts)

    def answer(request: Request, problem: Problem) -> Response:
        caller = _caller(request)

        async def after_the_answer() -> None:  # one that is no coroutine would get a thread
            note(request.scope, caller, problem)

        headers = dict(problem.headers(caller.request_id))
        return Response(
            problem.body(caller.request_id),
            status_code=problem.kind.status,
            headers={name.decode(): value.decode("latin-1") for name, value in headers.items()},
            background=BackgroundTask(after_the_answer),
        )

    @app.exception_handler(Problem)
    async def of_problem(request: Request, problem: Problem) -> Response:
        return answer(request, problem)

    @app.exception_handler(EngineError)
    async def of_engine(request: Request, error: EngineError) -> Response:
        parts.keeper.failed(error)
        return answer(request, problems.of_engine_error(error))

    @app.exception_handler(RequestValidationError)
    async def of_validation(request: Request, error: RequestValidationError) -> Response:
        return answer(request, problems.of_validation(error.errors()))

    @app.exception_handler(HTTPException)
    async def of_http(request: Request, error: HTTPException) -> Response:
        return answer(request, problems.of_status(error.status_code, request.url.path))

    @app.exception_handler(Exception)
    async def of_anything(request: Request, error: Exception) -> Response:
        # The server logs the traceback after this.
        return answer(request, Problem(problems.INTERNAL, f"{type(error).__name__}; see the log"))


async def _look_at_engine(parts: Parts) -> None:
    """Ask an idle engine whether it is there; one at work shows it, and is not disturbed."""
    if parts.slots.in_flight == 0:
        await parts.keeper.check()


def _refuse_while_busy(slots: Slots) -> None:
    if not slots.is_idle:
        raise Problem(
            problems.CONFLICT,
            f"{slots.in_flight} requests are in flight and {slots.waiting} wait; let them end",
        )


def _refusals(parts: Parts) -> OnProblem:
    """Return what counts and traces the requests for a summary that ended before they were one."""

    def note(scope: Scope, caller: Caller, problem: Problem) -> None:
        if scope["path"] == SUMMARIES and scope["method"] == "POST":
            parts.observation.requests.refuse(problem.outcome, caller.phase)
            _trace_refusal(parts.tracing, caller, problem)

    return note


def _trace_refusal(tracing: Tracing, caller: Caller, problem: Problem) -> None:
    """Leave a span of a request that never was one for the engine."""
    trail = tracing.trail(caller.trace)
    if trail is None:
        return
    finished = FinishedRequest(
        outcome=problem.outcome,
        phase=caller.phase,
        arrived_ns=caller.arrived_ns,
        queue_s=None,
        chunk_ns=(),
        done_ns=time.monotonic_ns(),
        prompt_chars=0,
        output_chars=0,
        usage=None,
        trace_id=None,
    )
    tracing.finished(
        ServedRequest(
            finished=finished,
            trail=trail,
            request_id=caller.request_id,
            status=problem.kind.status,
        )
    )


def _caller(request: Request) -> Caller:
    caller: Caller = request.scope[SCOPE_KEY]
    return caller


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI's word on the problem documents with these statuses."""
    return {
        status: {
            "model": ProblemOut,
            "description": " or ".join(k.title for k in problems.KINDS if k.status == status),
        }
        for status in statuses
    }


def _with_problem_type(document: dict[str, Any]) -> dict[str, Any]:
    """Give the problem documents their media type; FastAPI puts every model under JSON's."""
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {})
                if int(status) >= problems.MALFORMED.status and "application/json" in content:
                    content[problems.MEDIA_TYPE] = content.pop("application/json")
    return document
