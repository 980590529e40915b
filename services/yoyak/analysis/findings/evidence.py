"""What findings are drawn from: one run's records, and what was computed from them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from yoyak.analysis.repetitions import Plan, Repetition
from yoyak.records import (
    Finding,
    Latency,
    LoadRecord,
    Manifest,
    Rates,
    RequestRecord,
    Resources,
    Sweep,
    Totals,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One run."""

    manifest: Manifest
    plan: Plan
    repetitions: Sequence[Repetition]  # measured ones, cut off or not
    complete: Sequence[Repetition]
    loads: Sequence[LoadRecord]
    totals: Totals
    rates: Rates
    latency: Latency
    resources: Resources
    engine_restarts: int
    samples: int  # host samples within measured requests
    unobserved_s: float  # of the measured passes, without samples
    sweep: Sweep | None = None
    superseded: int = 0  # requests of cut-off blocks that were begun anew

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        """Every measured request, failed ones included."""
        return tuple(record for repetition in self.repetitions for record in repetition.requests)

    @property
    def ok(self) -> tuple[RequestRecord, ...]:
        """Every measured request that succeeded."""
        return tuple(record for repetition in self.repetitions for record in repetition.ok)

    @property
    def measured_s(self) -> float:
        """Seconds of the measured passes together."""
        return sum(repetition.pass_s for repetition in self.repetitions)


Check = Callable[[Evidence], Finding | None]
