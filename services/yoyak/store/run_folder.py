"""A run folder: appended to as the run goes, read back later, never silently half-written."""

import fcntl
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeVar

from yoyak.errors import HostError, UsageError
from yoyak.records import (
    SCHEMA_VERSION,
    BlockRecord,
    HostSample,
    LoadRecord,
    Manifest,
    Perf,
    RequestRecord,
    Summary,
)
from yoyak.records.sound_results import check_perf
from yoyak.records.superseded import is_superseded
from yoyak.store.codec import from_json, to_json
from yoyak.store.sound_records import (
    check_blocks,
    check_loads,
    check_manifest,
    check_requests,
    check_samples,
)

T = TypeVar("T")

MANIFEST = "manifest.json"
REQUESTS = "requests.jsonl"
LOADS = "loads.jsonl"
BLOCKS = "blocks.jsonl"
SAMPLES = "samples.jsonl"
PERF = "perf.json"
SUMMARY = "summary.json"
REPORT = "report.html"
CALIBRATION = "calibration.json"
JOURNALS = (REQUESTS, LOADS, BLOCKS, SAMPLES)


@dataclass(frozen=True, slots=True)
class Run:
    """A run as its folder holds it.

    `perf` is None while the run goes on and after a crash: the folder then has no perf.json.
    `cut_lines` names the files whose last line was cut off in the middle of a write.
    `superseded` holds the requests of blocks that were cut off and begun anew: they are in no
    result, and neither are the loads of those blocks.
    """

    path: Path
    manifest: Manifest
    requests: tuple[RequestRecord, ...]
    loads: tuple[LoadRecord, ...]
    samples: tuple[HostSample, ...]
    summaries: tuple[Summary, ...]
    perf: Perf | None
    cut_lines: tuple[str, ...] = ()
    blocks: tuple[BlockRecord, ...] = ()  # none in runs of a yoyak that did not write them
    superseded: tuple[RequestRecord, ...] = ()


class RunWriter:
    """Writes one run folder. Every record is flushed to the kernel as it is appended, so that a
    killed process loses at most the line it was writing; files made whole come by rename."""

    def __init__(self, path: Path, *, resumes: bool = False) -> None:
        """Make the folder and open its journals; or open those that are there, to go on with them.

        A line that a crash cut off is no record; it is taken away, for the next one would be
        written behind it. Results made of the records so far go too: a folder without them says
        that its run did not end.

        Raises:
            HostError: it exists already, cannot be made or opened, or another process writes it.
        """
        self.path = path
        try:
            if not resumes:
                path.mkdir(parents=True)
            self._requests = (path / REQUESTS).open("ab", buffering=0)
            self._loads = (path / LOADS).open("ab", buffering=0)
            self._blocks = (path / BLOCKS).open("ab", buffering=0)
        except FileExistsError as error:
            raise HostError(f"{path} exists already; name another folder with --out") from error
        except OSError as error:
            raise HostError(
                f"the run folder {path} cannot be made: {error.strerror}; name another with --out"
            ) from error
        _lock(self._requests, path)
        if resumes:
            for name in JOURNALS:
                _cut_tail(path / name)
            for name in (PERF, SUMMARY, REPORT):
                (path / name).unlink(missing_ok=True)

    def append_request(self, record: RequestRecord) -> None:
        """Append one record to requests.jsonl."""
        self._append(self._requests, record)

    def append_load(self, record: LoadRecord) -> None:
        """Append one record to loads.jsonl."""
        self._append(self._loads, record)

    def append_block(self, record: BlockRecord) -> None:
        """Append one record to blocks.jsonl."""
        self._append(self._blocks, record)

    def write_manifest(self, manifest: Manifest) -> None:
        """Write manifest.json; the run counts as begun from here."""
        replace_file(self.path / MANIFEST, to_json(manifest, indent=2) + "\n")

    def close(self) -> None:
        """Close the journals, their bytes on disk."""
        for file in (self._requests, self._loads, self._blocks):
            if not file.closed:
                os.fsync(file.fileno())
                file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _append(self, file: IO[bytes], record: object) -> None:
        line = to_json(record).encode() + b"\n"
        try:
            written = file.write(line)
        except OSError as error:
            raise _write_failure(self.path, error) from error
        if written != len(line):
            raise HostError(
                f"{self.path}: the disk took half a record; free some space; "
                "what was finished before is kept"
            )


def _lock(file: IO[bytes], path: Path) -> None:
    """Keep other writers out for as long as the file is open; the kernel lets go after a kill."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise HostError(f"the run in {path} still goes on; wait for its end, or stop it") from error
    except OSError:  # a file system without locks: nothing can be told
        return


def is_being_written(path: Path) -> bool:
    """Say whether a process holds the journals of a run folder open for writing."""
    try:
        with (path / REQUESTS).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # no journal, or a file system without locks: nothing can be told
        return False
    return False


def _cut_tail(path: Path) -> None:
    """Cut a journal behind its last whole line."""
    if not path.exists():
        return
    try:
        whole = path.read_bytes().rfind(b"\n") + 1
        os.truncate(path, whole)
    except OSError as error:
        raise _write_failure(path, error) from error


def replace_file(path: Path, text: str) -> None:
    """Write `text` to a temporary name in the same folder, sync, rename.

    Raises:
        HostError: the disk is full or the folder cannot be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _write_failure(path, error) from error


def _write_failure(path: Path, error: OSError) -> HostError:
    return HostError(
        f"{path} cannot be written: {error.strerror}; what was finished before is kept"
    )


def read_run(path: Path) -> Run:
    """Read a run folder: its records, and the results that were made of them if they are there.

    Raises:
        UsageError: as `read_records`, or the results are broken or another run's.
    """
    run = read_records(path)
    return replace(
        run,
        summaries=_read_summaries(path / SUMMARY),
        perf=read_results(path, run.manifest) if (path / PERF).is_file() else None,
    )


def read_records(path: Path) -> Run:
    """Read what a run folder recorded, without results; these can be made of it again.

    A journal's last line that a crash cut off is left out and named.

    Raises:
        UsageError: no run folder, a file foreign, broken or of a newer schema, or records that
            cannot be true or belong to another run.
    """
    if not path.is_dir():
        raise UsageError(f"{path} is no run folder; name one that `yoyak run` wrote")
    manifest = read_manifest(path)
    cut: list[str] = []
    requests = _read_requests(path, manifest, cut)
    resumes = manifest.resumes
    counting = tuple(r for r in requests if not is_superseded(r.repetition, r.sent_ns, resumes))
    loads = tuple(
        load
        for load in _read_lines(path / LOADS, LoadRecord, cut)
        if not is_superseded(load.repetition, load.started_ns, resumes)
    )
    check_loads(loads, counting, manifest, str(path / LOADS))
    blocks = _read_lines(path / BLOCKS, BlockRecord, cut)
    check_blocks(blocks, manifest, str(path / BLOCKS))
    samples = _read_lines(path / SAMPLES, HostSample, cut)
    check_samples(samples, str(path / SAMPLES))
    return Run(
        path=path,
        manifest=manifest,
        requests=counting,
        loads=loads,
        samples=samples,
        summaries=(),
        perf=None,
        cut_lines=tuple(cut),
        blocks=blocks,
        superseded=tuple(r for r in requests if is_superseded(r.repetition, r.sent_ns, resumes)),
    )


def read_requests(path: Path, manifest: Manifest) -> tuple[RequestRecord, ...]:
    """Read the requests of a run folder that count; raises UsageError as `read_records`."""
    return tuple(
        record
        for record in _read_requests(path, manifest, [])
        if not is_superseded(record.repetition, record.sent_ns, manifest.resumes)
    )


def _read_requests(path: Path, manifest: Manifest, cut: list[str]) -> tuple[RequestRecord, ...]:
    requests = _read_lines(path / REQUESTS, RequestRecord, cut)
    check_requests(requests, manifest, str(path / REQUESTS))
    return requests


def read_manifest(path: Path) -> Manifest:
    """Read the manifest.json of a run folder.

    Raises:
        UsageError: missing, foreign, broken, untrue, or of a newer schema.
    """
    file = path / MANIFEST
    if not file.is_file():
        raise UsageError(
            f"{path} holds no {MANIFEST}, so no run began there; name a folder under runs/"
        )
    text = read_text(file)
    check_schema_version(text, file)
    manifest = from_json(Manifest, text, where=str(file))
    check_manifest(manifest, str(file))
    return manifest


def read_results(path: Path, manifest: Manifest) -> Perf:
    """Read the perf.json of a run folder; raises UsageError also where it is another run's."""
    perf = read_perf(path / PERF)
    if perf.run_id != manifest.run_id:
        raise UsageError(
            f"{path / PERF} is of run {perf.run_id}, the folder of {manifest.run_id}; "
            "make it again: yoyak report --recompute"
        )
    return perf


def read_perf(path: Path) -> Perf:
    """Read a perf.json.

    Raises:
        UsageError: missing, foreign, broken, untrue, or of a newer schema.
    """
    text = read_text(path)
    check_schema_version(text, path)
    perf = from_json(Perf, text, where=str(path))
    check_perf(perf, str(path))
    return perf


def read_text(path: Path) -> str:
    """Return a file's text; raises UsageError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({error}); name a run's file") from error


def check_schema_version(text: str, path: Path) -> None:
    """Raise UsageError where the file was written by a newer yoyak, or not by yoyak at all."""
    try:
        version = json.loads(text)["schema_version"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _without_version(path) from error
    if type(version) is not int or version < 1:  # a bool is an int, and no version
        raise _without_version(path)
    if version > SCHEMA_VERSION:
        raise UsageError(
            f"{path} has schema {version}; this yoyak reads up to {SCHEMA_VERSION}: update it"
        )


def _without_version(path: Path) -> UsageError:
    return UsageError(
        f"{path} names no schema_version: truncated or foreign; take it from its host again"
    )


def _read_lines(path: Path, kind: type[T], cut: list[str]) -> tuple[T, ...]:
    if not path.exists():
        return ()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); mend its rights") from error
    *whole, rest = data.split(b"\n")
    if rest:
        cut.append(path.name)
    return tuple(_parse_lines(whole, kind, path))


def _parse_lines(lines: Iterable[bytes], kind: type[T], path: Path) -> Iterable[T]:
    for number, line in enumerate(lines, start=1):
        if line:
            # Samples are many: the search would cost twice the reading, and sound_records asks of
            # every number that it lies in its range, which NaN does not.
            yield from_json(kind, line, where=f"{path} line {number}", check_numbers=False)


def _read_summaries(path: Path) -> tuple[Summary, ...]:
    if not path.exists():
        return ()
    kind: Any = tuple[Summary, ...]
    summaries: tuple[Summary, ...] = from_json(kind, read_text(path), where=str(path))
    return summaries
