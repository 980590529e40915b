"""The records that go to disk: plain frozen dataclasses, one JSON Schema each in docs/schema."""

from yoyak.records.calibration import Calibration, CalibrationLevel, StampError
from yoyak.records.manifest import ArticleRef, EngineFacts, Manifest, ModelFacts, Option, Workload
from yoyak.records.perf import (
    Cost,
    Distribution,
    Finding,
    GpuResources,
    Latency,
    ModelLoad,
    Perf,
    Rate,
    Rates,
    Resources,
    Severity,
    Totals,
)
from yoyak.records.request import FinishReason, LoadRecord, LoadState, RequestRecord, Summary
from yoyak.records.sample import ClientSample, CpuTimes, EngineSample, GpuSample, HostSample

SCHEMA_VERSION = 1  # of every file in a run folder; a reader refuses a newer one

__all__ = [
    "SCHEMA_VERSION",
    "ArticleRef",
    "Calibration",
    "CalibrationLevel",
    "ClientSample",
    "Cost",
    "CpuTimes",
    "Distribution",
    "EngineFacts",
    "EngineSample",
    "Finding",
    "FinishReason",
    "GpuResources",
    "GpuSample",
    "HostSample",
    "Latency",
    "LoadRecord",
    "LoadState",
    "Manifest",
    "ModelFacts",
    "ModelLoad",
    "Option",
    "Perf",
    "Rate",
    "Rates",
    "RequestRecord",
    "Resources",
    "Severity",
    "StampError",
    "Summary",
    "Totals",
    "Workload",
]
