"""From the records of one run to its perf.json."""

from collections.abc import Sequence
from dataclasses import replace

from yoyak.analysis import findings
from yoyak.analysis.cost import cost
from yoyak.analysis.distributions import latency
from yoyak.analysis.prices import GIVEN, Price, PriceTable, embedded_prices, region_of
from yoyak.analysis.rates import rates
from yoyak.analysis.repetitions import (
    Plan,
    complete_repetitions,
    measured_repetitions,
    plan_of,
)
from yoyak.analysis.resources import (
    client_rss_end_bytes,
    measured_windows,
    resources,
    restarts,
    unobserved_s,
)
from yoyak.analysis.sweep import build_sweep, headline
from yoyak.analysis.totals import model_load, totals
from yoyak.records import (
    SCHEMA_VERSION,
    BlockRecord,
    Calibration,
    Finding,
    HostSample,
    LoadRecord,
    Manifest,
    Perf,
    RequestRecord,
    Sweep,
    Workload,
)


def build_perf(
    manifest: Manifest,
    requests: Sequence[RequestRecord],
    loads: Sequence[LoadRecord],
    samples: Sequence[HostSample],
    *,
    finished_at: str | None,
    usd_per_hour: float | None = None,
    prices: PriceTable | None = None,
    also: Sequence[Finding] = (),
    calibration: Calibration | None = None,
    blocks: Sequence[BlockRecord] = (),
    superseded: int = 0,
) -> Perf:
    """Return the published results. The same records always give the same results.

    Warm-up is left out. Failed requests are counted and enter no latency, rate or sum. Repetitions
    that were cut off enter latencies only. What cannot be known is None. Of a rate sweep, all but
    `sweep` is of one step: the highest rate that met the targets, else the lowest that was tried.

    Args:
        manifest: of the run.
        requests: every record of requests.jsonl, in any order.
        loads: every explicit load.
        samples: every sample; may be empty.
        finished_at: ISO 8601 UTC, or None if the run did not end.
        usd_per_hour: the price that the user gave; otherwise the table is asked.
        prices: the table; None is the embedded one.
        also: findings of the shell, such as a sampler that died.
        calibration: the client's own error on this host.
        blocks: every repetition or step that ended.
        superseded: requests of cut-off blocks that were begun anew; they are not in `requests`.
    """
    plan = plan_of(manifest)
    sweep = build_sweep(manifest, blocks, requests)
    if sweep is not None:
        manifest, plan, requests, loads = _of_one_step(manifest, sweep, requests, loads)
    open_loop = is_open_loop(manifest.workload)
    repetitions = measured_repetitions(requests, open_loop=open_loop)
    complete = complete_repetitions(repetitions, plan, blocks)
    windows = measured_windows(samples, repetitions)
    used = resources(windows, samples)
    run_rates = rates(complete)
    run_totals = totals(
        repetitions,
        complete,
        loads,
        resources=used,
        client_rss_end_bytes=client_rss_end_bytes(windows),
    )
    run_latency = latency(repetitions, open_loop=open_loop)
    evidence = findings.Evidence(
        manifest=manifest,
        plan=plan,
        repetitions=repetitions,
        complete=complete,
        loads=loads,
        totals=run_totals,
        rates=run_rates,
        latency=run_latency,
        resources=used,
        engine_restarts=restarts(windows),
        samples=sum(map(len, windows)),
        unobserved_s=unobserved_s(windows, repetitions),
        sweep=sweep,
        superseded=superseded,
    )
    return Perf(
        schema_version=SCHEMA_VERSION,
        run_id=manifest.run_id,
        started_at=manifest.started_at,
        finished_at=finished_at,
        host=manifest.host,
        engine=manifest.engine,
        model=manifest.engine.model,
        workload=manifest.workload,
        totals=run_totals,
        model_load=model_load(loads),
        latency=run_latency,
        rates=run_rates,
        resources=used,
        cost=cost(
            host_price(manifest, usd_per_hour, prices or embedded_prices()),
            requests_per_s=run_rates.requests_per_s.value,
            output_tokens_per_request=_output_tokens_per_request(evidence),
        ),
        findings=findings.find(evidence, also=also),
        calibration=calibration,
        sweep=sweep,
    )


def _of_one_step(
    manifest: Manifest,
    sweep: Sweep,
    requests: Sequence[RequestRecord],
    loads: Sequence[LoadRecord],
) -> tuple[Manifest, Plan, Sequence[RequestRecord], Sequence[LoadRecord]]:
    """Return what a sweep's results are made of, as if its best step had been the run."""
    step = headline(sweep)
    workload = replace(
        manifest.workload, rate_per_s=None if step is None else step.rate_per_s, repetitions=1
    )
    index = None if step is None else step.repetition
    return (
        replace(manifest, workload=workload),
        Plan(repetitions=1, requests=None if step is None else step.planned, duration_s=None),
        [record for record in requests if record.repetition == index],
        [load for load in loads if load.repetition == index],
    )


def is_open_loop(workload: Workload) -> bool:
    """Say whether requests left on a schedule, so that latencies count from it."""
    return workload.arrivals in ("constant", "poisson")


def host_price(manifest: Manifest, usd_per_hour: float | None, prices: PriceTable) -> Price | None:
    """Return the user's price, else the table's for this instance type in its region."""
    if usd_per_hour is not None:
        return Price(usd_per_hour=usd_per_hour, source=GIVEN)
    host = manifest.host
    return prices.price(host.get("instance_type"), region_of(host.get("availability_zone")))


def _output_tokens_per_request(evidence: findings.Evidence) -> float | None:
    counts = [record.output_tokens for rep in evidence.complete for record in rep.ok]
    known = [count for count in counts if count is not None]
    return sum(known) / len(known) if known and len(known) == len(counts) else None
