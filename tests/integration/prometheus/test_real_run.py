"""`yoyak run` through the real service while a real Prometheus scrapes it: both say the same."""

import json
import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np
import pytest
from tests.integration.prometheus.running import (
    ROOT,
    Prometheus,
    prometheus,
    scrape_config,
    wait_until,
)
from tests.integration.prometheus.test_dashboards import filled_in
from tests.integration.summarizer.running import serving
from tests.unit.yoyak.telemetry.promql_reading import panel_queries

from yoyak.cli.main import run_command_line
from yoyak.models import cached
from yoyak.records import Perf, RequestRecord
from yoyak.store.run_folder import read_run
from yoyak.telemetry.names import TIME_BUCKETS_S
from yoyak.units import seconds

REPETITIONS = 3
# What a machine without GPU, CPU quota, memory limit, finished runs, traces or failures lacks.
ABSENT_HERE = (
    "yoyak_gpu_",
    "yoyak:gpu_",
    "yoyak_engine_gpu_",
    "yoyak_engine_throttled_",
    "yoyak_engine_memory_limit_",
    "yoyak:engine_memory:",
    "yoyak_run_",
    "newscrawl_",
    "yoyak_spans_dropped_",
    'outcome!="ok"',
)
LIVE = [
    (where, query)
    for where, query in panel_queries()
    if not any(name in query for name in ABSENT_HERE)
]


@dataclass(frozen=True, slots=True)
class Measured:
    """A finished run, and the Prometheus that watched it."""

    prometheus: Prometheus
    perf: Perf
    requests: tuple[RequestRecord, ...]
    at_s: float
    over_s: float

    @property
    def good(self) -> list[RequestRecord]:
        return [r for r in self.requests if not r.is_warmup and r.error is None]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    folder = tmp_path_factory.mktemp("real")
    model = cached("tiny", cache_dir=folder / "models")
    cache = ("--cache", str(folder / "cache"))
    with serving(
        *("--model", str(model), "--threads", "1", *cache), YOYAK_INSTANCE_TYPE="t3.test"
    ) as service:
        host = urlsplit(service.url).netloc
        with prometheus(scrape_config([host]), folder / "prometheus") as server:
            wait_until(lambda: server.query("yoyak_engine_up == 1"), "the service was scraped")
            began_s = time.time()
            options = {
                "dataset": ROOT / "examples/dataset",
                "articles": 6,
                "engine": "summarizer",
                "url": service.url,
                "threads": 1,
                "repetitions": REPETITIONS,
                "warmup": 1,
                "output-tokens": 24,
                "out": folder / "runs",
            }
            flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
            assert run_command_line(["run", *flags, *cache]) == 0
            at_s = server.settled_s(time.time())
            (path,) = (folder / "runs").iterdir()
            run = read_run(path)
            assert run.perf is not None
            yield Measured(server, run.perf, run.requests, at_s, at_s - began_s)


@pytest.mark.parametrize(("where", "query"), LIVE, ids=[where for where, _ in LIVE])
def test_a_live_panel_shows_data_of_a_real_run(where: str, query: str, measured: Measured) -> None:
    found = measured.prometheus.query_range(filled_in(query), measured.at_s, measured.over_s)
    values = [value for series in found for _, value in series["values"]]
    assert [value for value in values if value not in ("NaN", "+Inf")], where


@pytest.mark.parametrize("phase", ["measured", "warmup"])
def test_requests_and_characters_are_those_of_the_records(phase: str, measured: Measured) -> None:
    records = [r for r in measured.requests if r.is_warmup == (phase == "warmup")]
    ask = measured.prometheus.value
    at_s = measured.at_s
    ok = f'yoyak_requests_total{{outcome="ok",phase="{phase}"}}'
    assert ask(ok, at_s) == len(records)
    prompt_chars = sum(record.prompt_chars for record in records)
    assert ask(f'yoyak_prompt_chars_total{{phase="{phase}"}}', at_s) == prompt_chars
    output_chars = sum(record.output_chars for record in records)
    assert ask(f'yoyak_output_chars_total{{phase="{phase}"}}', at_s) == output_chars


def test_totals_agree_with_perf_json(measured: Measured) -> None:
    found = measured.prometheus.value('yoyak_output_chars_total{phase="measured"}', measured.at_s)
    assert found is not None
    assert measured.perf.totals.output_chars is not None
    assert found / REPETITIONS == pytest.approx(measured.perf.totals.output_chars, rel=0.01)
    tokens = measured.prometheus.value(
        'gen_ai_client_token_usage_sum{gen_ai_token_type="output",phase="measured"}', measured.at_s
    )
    assert tokens is not None
    assert tokens / REPETITIONS == measured.perf.totals.output_tokens


@pytest.mark.parametrize("quantile", [0.5, 0.95])
@pytest.mark.parametrize(
    ("metric", "first_or_done"),
    [
        ("gen_ai_client_operation_time_to_first_chunk_seconds", "first"),
        ("gen_ai_client_operation_duration_seconds", "done"),
    ],
)
def test_latency_agrees_with_the_clients_stamps_within_a_bucket(
    metric: str, first_or_done: str, quantile: float, measured: Measured
) -> None:
    buckets = f'{metric}_bucket{{phase="measured"}}'
    query = f"histogram_quantile({quantile}, sum by (le) (rate({buckets}[5m])))"
    found_s = measured.prometheus.value(query, measured.at_s)
    true_s = np.quantile(
        [
            seconds((r.chunk_ns[0] if first_or_done == "first" else r.done_ns) - r.sent_ns)
            for r in measured.good
        ],
        quantile,
    )
    assert found_s is not None
    off = bisect_left(TIME_BUCKETS_S, found_s) - bisect_left(TIME_BUCKETS_S, float(true_s))
    assert abs(off) <= 1


def test_the_decode_rate_agrees_with_perf_json(measured: Measured) -> None:
    found = measured.prometheus.value("yoyak:decode_tokens_per_second:rate5m", measured.at_s)
    tokens = sum((r.output_tokens or 0) - 1 for r in measured.good)
    assert found == pytest.approx(tokens / sum(r.decode_s or 0.0 for r in measured.good), rel=0.01)


def test_each_repetitions_load_was_counted(measured: Measured) -> None:
    counted = measured.prometheus.value("sum(yoyak_model_load_seconds_count)", measured.at_s)
    total_s = measured.prometheus.value("sum(yoyak_model_load_seconds_sum)", measured.at_s)
    assert counted == measured.perf.model_load.n == REPETITIONS
    assert total_s == pytest.approx(sum(measured.perf.model_load.values_s), rel=0.05)


def test_the_engines_memory_peak_is_the_kernels_mark_for_both(measured: Measured) -> None:
    over = f"[{measured.over_s + 10:.0f}s]"
    seen = measured.prometheus.value(
        f"max_over_time(yoyak_engine_resident_memory_peak_bytes{over})", measured.at_s
    )
    assert seen == pytest.approx(measured.perf.resources.engine_rss_peak_bytes, rel=0.02)


def test_no_alert_fires_over_a_healthy_run(measured: Measured) -> None:
    # Other tests' load may be called steal, or fill this machine's memory; all else is ours.
    of_the_machine = {"YoyakCpuSteal", "YoyakHostMemoryNearLimit"}
    alerts = measured.prometheus.firing() - of_the_machine
    assert alerts == set(), json.dumps(sorted(alerts))
