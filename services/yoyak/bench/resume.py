"""Going on with a run that was cut off: what is left of it, whether it is still the same run."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from yoyak.analysis.repetitions import complete_repetitions, measured_repetitions, plan_of
from yoyak.config import ResolvedConfig, recorded
from yoyak.errors import HostError, UsageError
from yoyak.records import Manifest, Resume
from yoyak.store.run_folder import MANIFEST, Run, is_being_written, read_records
from yoyak.units import NS_PER_S

# Indexes of requests, and with them nonces, begin anew at a multiple of this: more than any part of
# a run sends, so that what was in flight at a kill, and has no record, is not used a second time.
INDEX_STRIDE = 1_000_000
# May be given otherwise: where things lie. Whether they are the same is told by digests.
MAY_MOVE = frozenset({"dataset", "url", "cache", "out"})
_OF_A_PROCESS = frozenset({"url", "pid", "pid_namespace", "boot_id"})
_HOST = (
    "architecture", "cpu_model", "physical_cores", "logical_cpus", "isa", "kernel",
    "instance_type", "instance_id", "cgroup_cpu_quota_cores", "cgroup_cpuset",
    "cgroup_memory_limit_bytes", "huge_pages",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """A run that was cut off.

    Attributes:
        run: as its folder holds it.
        repetition: the first block that was not finished.
    """

    run: Run
    repetition: int


def resume_point(path: Path) -> ResumePoint:
    """Return where a run folder was cut off.

    Raises:
        UsageError: it is no run folder, or nothing of the run is left to do.
        HostError: the run still goes on.
    """
    if (path / MANIFEST).is_file() and is_being_written(path):
        raise HostError(f"the run in {path} still goes on; wait for its end, or stop it")
    run = read_records(path)
    repetition = first_unfinished(run)
    planned = run.manifest.workload.repetitions
    if planned is not None and repetition >= planned:
        raise UsageError(
            f"{path} is complete, all {planned} repetitions of it; see it: yoyak report {path} "
            "--recompute"
        )
    return ResumePoint(run, repetition)


def first_unfinished(run: Run) -> int:
    """Return the first block that was not gone through to its end."""
    finished = {block.repetition for block in run.blocks}
    if run.manifest.workload.slo is None:
        open_loop = run.manifest.workload.arrivals != "closed"
        repetitions = measured_repetitions(run.requests, open_loop=open_loop)
        whole = complete_repetitions(repetitions, plan_of(run.manifest), run.blocks)
        finished |= {repetition.index for repetition in whole}
    return next(index for index in range(len(finished) + 1) if index not in finished)


def resumed_config(point: ResumePoint, given: ResolvedConfig) -> ResolvedConfig:
    """Return the configuration that a run began with.

    Args:
        point: where the run was cut off.
        given: what flags, environment and file say now: nothing, the same, or where things lie now.

    Raises:
        UsageError: an option is given that differs; says which.
    """
    manifest, where = point.run.manifest, point.run.path / MANIFEST
    values = {name: option.value for name, option in manifest.options.items()}
    rule = manifest.workload.threads_rule
    values["threads"] = None if rule == "auto" else rule
    origins = {name: option.origin for name, option in manifest.options.items()}
    began = recorded(values, origins, where=str(where))
    moved = {}
    for name, origin in given.origins.items():
        if origin == "default":
            continue
        now = getattr(given.config, name)
        before = getattr(began.config, name)
        if name in MAY_MOVE:
            moved[name] = now
        elif now != before:
            raise UsageError(
                f"{point.run.path} began with --{name.replace('_', '-')} {before}, and {now} is "
                "given now; leave it away, or start a new run"
            )
    return ResolvedConfig(
        replace(began.config, **moved),
        {**began.origins, **{name: given.origins[name] for name in moved}},
    )


def refuse_another(point: ResumePoint, now: Manifest) -> None:
    """Raise where what would go on is not what began: other work, versions, host or engine.

    Args:
        point: where the run was cut off.
        now: the manifest that a run begun now would have.

    Raises:
        UsageError: the articles or options make other work.
        HostError: versions, host or engine differ.
    """
    path, began = point.run.path, point.run.manifest
    for name, before, after in _differences(asdict(began.workload), asdict(now.workload)):
        raise UsageError(
            f"{path} began with {_said(name, before)}, now it is {_shown(after)}; give the data "
            "and options that it began with"
        )
    parts: tuple[tuple[str, Mapping[str, object], Mapping[str, object]], ...] = (
        ("", began.versions, now.versions),
        ("host's ", _of_host(began), _of_host(now)),
        ("engine's ", _of_engine(began), _of_engine(now)),
    )
    for whose, before_all, now_all in parts:
        for name, before, after in _differences(before_all, now_all):
            raise HostError(
                f"{path} began with the {whose}{_said(name, before)}, now it is {_shown(after)}; "
                "restore it, or start a new run"
            )


def resume_now(
    point: ResumePoint,
    *,
    at: datetime,
    at_text: str,
    monotonic_ns: int,
    boot_id: str | None,
    command: tuple[str, ...],
) -> Resume:
    """Return the record of going on at a moment.

    The run's clock goes on where the host was not booted anew. Else CLOCK_MONOTONIC has begun
    again, and the wall clock tells how long after the run's beginning we are; never less than what
    was recorded, should it have been set back.

    Args:
        point: where the run was cut off.
        at: the wall clock's time, and `at_text` the same as the manifest says it.
        at_text: ISO 8601.
        monotonic_ns: CLOCK_MONOTONIC at the same moment.
        boot_id: of the host now.
        command: the command line.
    """
    manifest = point.run.manifest
    origin_ns, boot_before = manifest.origin_monotonic_ns, manifest.host.get("boot_id")
    if manifest.resumes:
        origin_ns, boot_before = (
            manifest.resumes[-1].origin_monotonic_ns,
            manifest.resumes[-1].boot_id,
        )
    last_ns = last_stamp_ns(point.run)
    is_same_clock = (
        boot_id is not None and boot_id == boot_before and monotonic_ns - origin_ns >= last_ns
    )
    if not is_same_clock:
        since_s = (at - datetime.fromisoformat(manifest.started_at)).total_seconds()
        origin_ns = monotonic_ns - max(round(since_s * NS_PER_S), last_ns + NS_PER_S)
    return Resume(
        at=at_text,
        at_ns=monotonic_ns - origin_ns,
        repetition=point.repetition,
        first_index=next_index(point.run),
        origin_monotonic_ns=origin_ns,
        clock="monotonic" if is_same_clock else "wall",
        boot_id=boot_id,
        command=command,
    )


def last_stamp_ns(run: Run) -> int:
    """Return the latest moment that a run recorded."""
    return max(
        (
            0,
            *(record.done_ns for record in (*run.requests, *run.superseded)),
            *(load.done_ns for load in run.loads),
            *(block.done_ns for block in run.blocks),
            *(sample.at_ns for sample in run.samples),
            *(resume.at_ns for resume in run.manifest.resumes),
        )
    )


def next_index(run: Run) -> int:
    """Return a request index that no request of the run can have had, recorded or not."""
    indexes = [
        int(record.request_id.rpartition("-")[2]) for record in (*run.requests, *run.superseded)
    ]
    used = max([0, *indexes, *(resume.first_index for resume in run.manifest.resumes)])
    return (used // INDEX_STRIDE + 1) * INDEX_STRIDE


def _differences(
    before: Mapping[str, object], after: Mapping[str, object]
) -> Iterator[tuple[str, object, object]]:
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from ((f"{name} {inner}", a, b) for inner, a, b in _differences(old, new))
        elif _plain(old) != _plain(new):
            yield name, old, new


def _of_host(manifest: Manifest) -> dict[str, object]:
    return {name: manifest.host.get(name) for name in _HOST}


def _of_engine(manifest: Manifest) -> dict[str, object]:
    facts = asdict(manifest.engine)
    return {name: value for name, value in facts.items() if name not in _OF_A_PROCESS}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _said(name: str, value: object) -> str:
    return f"{name.replace('_', ' ')} {_shown(value)}"


def _shown(value: object) -> str:
    text = "unknown" if value is None else str(_plain(value))
    return text if len(text) <= 60 else f"{text[:57]}..."
