"""Problem documents (RFC 9457): every error that the service answers with."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yoyak.errors import EngineError

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:yoyak:problem:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of problem: one status and one title for all of its documents."""

    slug: str
    status: int
    title: str
    error_class: str  # of yoyak.errors.ERROR_CLASSES, for the client's record
    outcome: str  # of telemetry.names.OUTCOMES, for our counter


MALFORMED = Kind(
    slug="malformed",
    status=400,
    title="The request is not understood",
    error_class="http_4xx",
    outcome="invalid",
)
NOT_FOUND = Kind(
    slug="not-found",
    status=404,
    title="There is no such address",
    error_class="http_4xx",
    outcome="invalid",
)
SLOW_BODY = Kind(
    slug="slow-body",
    status=408,
    title="The request body did not arrive in time",
    error_class="http_4xx",
    outcome="invalid",
)
METHOD_NOT_ALLOWED = Kind(
    slug="method-not-allowed",
    status=405,
    title="The address does not take this method",
    error_class="http_4xx",
    outcome="invalid",
)
CONFLICT = Kind(
    slug="conflict",
    status=409,
    title="The engine cannot do this now",
    error_class="http_4xx",
    outcome="invalid",
)
BODY_TOO_LARGE = Kind(
    slug="body-too-large",
    status=413,
    title="The request body is too large",
    error_class="http_4xx",
    outcome="invalid",
)
PROMPT_TOO_LONG = Kind(
    slug="prompt-too-long",
    status=413,
    title="The prompt does not fit the context",
    error_class="prompt_too_long",
    outcome="prompt_too_long",
)
INVALID = Kind(
    slug="invalid",
    status=422,
    title="A field of the request cannot be used",
    error_class="http_4xx",
    outcome="invalid",
)
QUEUE_FULL = Kind(
    slug="queue-full",
    status=429,
    title="The queue is full",
    error_class="http_4xx",
    outcome="queue_full",
)
INTERNAL = Kind(
    slug="internal",
    status=500,
    title="The service itself failed",
    error_class="http_5xx",
    outcome="http_5xx",
)
ENGINE_FAILED = Kind(
    slug="engine-failed",
    status=502,
    title="The engine failed",
    error_class="engine_error",
    outcome="engine_error",
)
NOT_READY = Kind(
    slug="not-ready",
    status=503,
    title="The engine is not ready",
    error_class="http_5xx",
    outcome="not_ready",
)
STOPPING = Kind(
    slug="stopping",
    status=503,
    title="The service is stopping",
    error_class="cancelled",
    outcome="cancelled",
)
TIMED_OUT = Kind(
    slug="timed-out",
    status=504,
    title="The engine did not finish in time",
    error_class="timeout",
    outcome="timeout",
)
KINDS = tuple(kind for kind in list(globals().values()) if isinstance(kind, Kind))


class Problem(Exception):
    """One problem, raised anywhere in a request and answered as a document."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        error_class: str | None = None,
        retry_after_s: int | None = None,
        **extra: object,
    ) -> None:
        """Keep what the document will hold.

        Args:
            kind: status, title and type.
            detail: one line for a human: what happened, and how to mend it.
            error_class: the engine's own class where it is finer than the kind's.
            retry_after_s: whole seconds for the Retry-After header.
            extra: members of the document beside the standard ones.
        """
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.error_class = error_class or kind.error_class
        self.outcome = error_class or kind.outcome  # what the request counter calls it
        self.retry_after_s = retry_after_s
        self.extra = extra

    def document(self, request_id: str | None = None) -> dict[str, Any]:
        """Return the members of the problem document."""
        members: dict[str, Any] = {
            "type": TYPE_PREFIX + self.kind.slug,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "error_class": self.error_class,
        }
        if request_id is not None:
            members["request_id"] = request_id
        return {**members, **self.extra}

    def body(self, request_id: str | None = None) -> bytes:
        """Return the document as JSON."""
        return json.dumps(self.document(request_id), ensure_ascii=False).encode()

    def headers(self, request_id: str | None = None) -> list[tuple[bytes, bytes]]:
        """Return the document's headers, content-length left to the sender."""
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"cache-control", b"no-store")]
        if self.retry_after_s is not None:
            headers.append((b"retry-after", str(self.retry_after_s).encode()))
        if request_id is not None:
            headers.append((b"x-request-id", request_id.encode("latin-1")))
        return headers


def of_engine_error(error: EngineError) -> Problem:
    """Return the problem that an engine's error is to our client.

    What never reached the engine is 503; a prompt over the context 413; a deadline 504; an
    engine that refuses, breaks off or talks nonsense 502.
    """
    kind = _KIND_OF_CLASS.get(error.error_class, ENGINE_FAILED)
    return Problem(kind, str(error), error_class=error.error_class)


_KIND_OF_CLASS = {
    "prompt_too_long": PROMPT_TOO_LONG,
    "timeout": TIMED_OUT,
    "connect": NOT_READY,
}


def of_validation(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """Return the problem of a body that did not pass its schema.

    400 where it is no JSON object at all, 422 with a JSON pointer a field where a field is wrong.
    """
    for error in errors:
        where = tuple(error["loc"])
        if error["type"] == "json_invalid":
            reason = str(error.get("ctx", {}).get("error", error["msg"]))
            position = f" at character {where[1]}" if where[1:] else ""
            return Problem(MALFORMED, f"the body is not JSON: {reason}{position}")
        if where == ("body",):
            return Problem(
                MALFORMED, "the body must be a JSON object sent as content-type: application/json"
            )
    fields = [
        {"pointer": "/" + "/".join(str(part) for part in error["loc"][1:]), "detail": error["msg"]}
        for error in errors
    ]
    first = fields[0]
    more = f" (and {len(fields) - 1} more)" if fields[1:] else ""
    return Problem(INVALID, f"{first['pointer']}: {first['detail']}{more}", errors=fields)


def of_status(status: int, path: str) -> Problem:
    """Return the problem of a status that the framework chose."""
    if status == NOT_FOUND.status:
        return Problem(NOT_FOUND, f"there is nothing at {path}; see /openapi.json")
    if status == METHOD_NOT_ALLOWED.status:
        return Problem(METHOD_NOT_ALLOWED, f"{path} takes another method; see /openapi.json")
    return Problem(MALFORMED, "the request cannot be read; see /openapi.json")
