"""The ids of one page's trace, and the stamps that its spans are made from."""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from otlp_spans.span import new_span_id, new_trace_id

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response

NS_PER_S = 1_000_000_000
META = "trail"  # where a request carries it; redirects and retries carry the same one


@dataclass(slots=True, kw_only=True)
class PageTrail:
    """One page; ids are drawn when its request is made, stamps (CLOCK_MONOTONIC) as it goes."""

    trace_id: str = field(default_factory=new_trace_id)
    get_span_id: str = field(default_factory=new_span_id)
    extract_span_id: str = field(default_factory=new_span_id)
    url: str = ""
    status: int | None = None
    resends: int = 0  # retries and redirects
    is_cached: bool = False
    outcome: str = ""  # kept, or a key of outcomes.SKIPPED
    sent_ns: int | None = None  # of the first try
    received_ns: int | None = None  # of the response that was read
    extract_began_ns: int | None = None
    extracted_ns: int | None = None


class TrailMiddleware:
    """Stamps requests that carry a trail, next to the network: in only where spans are sent."""

    def process_request(self, request: "Request") -> None:
        """Stamp the first try, count the others."""
        trail = request.meta.get(META)
        if trail is None:
            return
        if trail.sent_ns is None:
            trail.sent_ns = time.monotonic_ns()
        else:
            trail.resends += 1

    def process_response(self, request: "Request", response: "Response") -> "Response":
        """Stamp the response."""
        trail = request.meta.get(META)
        if trail is not None:
            trail.received_ns = time.monotonic_ns()
            trail.status = response.status
            latency_s = request.meta.get("download_latency")
            if latency_s is not None and not trail.resends:
                # Without the wait for the host's turn, which is ours and not the site's.
                trail.sent_ns = trail.received_ns - round(latency_s * NS_PER_S)
        return response
