"""`yoyak run` straight to an engine: its spans once it is finished, over gRPC; or a note."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.integration.traces.conftest import environment
from tests.integration.traces.receivers import grpc_receiver, http_receiver

from ollama_replay import Replay
from otlp_spans.span import TraceContext
from yoyak.telemetry import names
from yoyak.telemetry.names import Attribute

DEADLINE_S = 60.0
REPOSITORY = Path(__file__).parents[3]
CHAT = "chat replay:1b"


def benchmarked(
    replay: Replay, folder: Path, variables: dict[str, str]
) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    """Return the folder of a run of two requests, and how its command ended."""
    options = {
        "dataset": REPOSITORY / "examples" / "dataset",
        "engine": "ollama",
        "url": replay.url,
        "model": "replay:1b",
        "articles": 1,
        "repetitions": 1,
        "warmup": 1,
        "output-tokens": 4,
        "out": folder,
        "format": "json",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    done = subprocess.run(
        [sys.executable, "-m", "yoyak.cli", "run", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
        env={**os.environ, **variables},
    )
    (path,) = folder.iterdir()
    return path, done


def records(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (path / "requests.jsonl").read_text().splitlines()]


def test_each_record_is_a_span_with_its_ids_and_the_engine_was_told_them(
    replay: Replay, tmp_path: Path
) -> None:
    with grpc_receiver() as receiver:
        path, done = benchmarked(replay, tmp_path, environment(receiver, "grpc"))
    assert done.returncode == 0, done.stderr
    told = {one["traceparent"] for one in replay.truth() if one.get("traceparent")}
    chats = {span.span_id: span for span in receiver.spans if span.name == CHAT}
    assert len(chats) == len(records(path)) == 2
    run = next(span for span in receiver.spans if span.name == names.RUN_SPAN)
    for record in records(path):
        span = chats[str(record["span_id"])]
        assert span.trace_id == record["trace_id"]
        assert span.links == [(run.trace_id, run.span_id)]
        assert TraceContext(span.trace_id, span.span_id).traceparent in told
        assert span.attributes[Attribute.OUTPUT_TOKENS] == record["output_tokens"]
        assert span.end_ns - span.start_ns == record["done_ns"] - record["sent_ns"]  # type: ignore[operator] # numbers
        assert run.start_ns < span.start_ns < span.end_ns < run.end_ns
    assert run.resource["service.name"] == names.RUN_SERVICE
    assert [span.parent_span_id for span in receiver.spans if span.name.startswith("load ")] == [
        run.span_id
    ]


def test_a_store_in_trouble_leaves_the_run_whole_and_is_noted(
    replay: Replay, tmp_path: Path
) -> None:
    with http_receiver("resets") as receiver:
        variables = {**environment(receiver), "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
        path, done = benchmarked(replay, tmp_path, variables)
    assert done.returncode == 0, done.stderr
    assert (path / "report.html").exists()
    assert "4 of 4 spans were not taken by" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_sampler_of_nothing_tells_the_engine_so_and_sends_no_request(
    replay: Replay, tmp_path: Path
) -> None:
    with http_receiver() as receiver:
        variables = {**environment(receiver), "OTEL_TRACES_SAMPLER": "always_off"}
        path, done = benchmarked(replay, tmp_path, variables)
    assert done.returncode == 0, done.stderr
    assert CHAT not in {span.name for span in receiver.spans}
    told = {one["traceparent"] for one in replay.truth() if one.get("traceparent")}
    for record in records(path):
        assert f"00-{record['trace_id']}-{record['span_id']}-00" in told
