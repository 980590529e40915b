"""The stack's spans in a real trace store: through the gate of the host, and read back."""

import json
from collections.abc import Iterator

import pytest
from tests.e2e.stack.compose import Stack, eventually, gateway
from tests.e2e.stack.conftest import EMBEDDED, a_stack
from tests.trace_store.running import TraceStore

pytestmark = pytest.mark.timeout(900)

BENCHMARK_S = 120


@pytest.fixture(scope="module")
def stack(
    images: None,  # noqa: ARG001 - a fixture may not be marked with another
    store: TraceStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    """A stack whose gate passes spans on to the store."""
    folder = tmp_path_factory.mktemp("traces")
    told = store.environment(gateway())
    headers = folder / "headers.yaml"  # what this store wants beyond an address
    only = {"environment": {"OTEL_EXPORTER_OTLP_HEADERS": told["OTEL_EXPORTER_OTLP_HEADERS"]}}
    headers.write_text(json.dumps({"services": {"summarizer": only, "runner": only}}))
    stack = a_stack(
        folder / "stack",
        files=(*EMBEDDED, headers),
        YOYAK_TRACES_URL=told["OTEL_EXPORTER_OTLP_ENDPOINT"],
    )
    try:
        stack.compose("up", "--detach", "--wait", "--no-build", "summarizer", "runner", "spans")
        yield stack
    finally:
        stack.down()


def test_every_request_of_the_benchmark_is_a_trace_from_the_runner_to_the_engine(
    stack: Stack, store: TraceStore
) -> None:
    (run,) = eventually(stack.finished_runs, deadline_s=BENCHMARK_S, what="a finished run")
    records = [json.loads(line) for line in (run / "requests.jsonl").read_text().splitlines()]
    assert len([record for record in records if not record["is_warmup"]]) == 4
    model = json.loads((run / "perf.json").read_text())["model"]["name"]
    for record in records:
        spans = store.wait_for_trace(
            record["trace_id"], "POST /v1/summaries", "POST /v1/summaries", f"chat {model}"
        )
        (root,) = [span for span in spans if span.parent_span_id is None]
        (served,) = [span for span in spans if span.parent_span_id == root.span_id]
        (chat,) = [span for span in spans if span.parent_span_id == served.span_id]
        assert root.span_id == record["span_id"]
        assert chat.attributes["gen_ai.usage.output_tokens"] == record["output_tokens"]
