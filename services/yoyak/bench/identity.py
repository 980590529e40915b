"""Who and what a run was: its id, the versions that made it, the manifest."""

import platform
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from yoyak import prompts
from yoyak.bench.preflight import Work
from yoyak.config import ResolvedConfig
from yoyak.records import SCHEMA_VERSION, ArticleRef, EngineFacts, Manifest, Option, Workload

# The packages that the timed path runs through.
TIMED_PACKAGES = ("yoyak", "xllamacpp", "httptools", "uvloop", "uvicorn", "fastapi")


def run_id(*, started_at: datetime, host_name: str) -> str:
    """Return a name that sorts by time and tells the host: 20261123T054400Z-r5.4xlarge-1f3c."""
    safe = re.sub(r"[^A-Za-z0-9.]+", "-", host_name).strip("-.") or "host"
    return f"{started_at:%Y%m%dT%H%M%SZ}-{safe}-{secrets.token_hex(2)}"


def iso_utc(moment: datetime) -> str:
    """Return ISO 8601 with milliseconds and Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def versions() -> Mapping[str, str]:
    """Return the versions of Python and of the packages on the timed path."""
    found = {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
    }
    for package in TIMED_PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def build_manifest(
    *,
    run_id: str,
    started_at: datetime,
    origin_ns: int,
    command: Sequence[str],
    resolved: ResolvedConfig,
    threads: int,
    work: Work,
    dataset_sha256: str,
    host: Mapping[str, Any],
    engine: EngineFacts,
) -> Manifest:
    """Return the manifest of a run that is about to begin."""
    config = resolved.config
    options = {
        field.name: Option(
            value=_plain(getattr(config, field.name)), origin=resolved.origins[field.name]
        )
        for field in fields(config)
    }
    options["threads"] = Option(value=threads, origin=resolved.origins["threads"])
    is_closed = config.rate is None and config.slo is None
    clock = time.get_clock_info("monotonic")
    return Manifest(
        schema_version=SCHEMA_VERSION,
        run_id=run_id,
        started_at=iso_utc(started_at),
        origin_monotonic_ns=origin_ns,
        command=tuple(command),
        options=options,
        workload=Workload(
            dataset_sha256=dataset_sha256,
            article_ids=tuple(article.id for article in work.articles),
            template_sha256=engine.template_sha256 or prompts.TEMPLATE_SHA256,
            output_tokens=config.output_tokens,
            output_length_forced=engine.forces_output_length,
            context_tokens=config.context,
            batch_tokens=config.batch,
            seed=config.seed,
            temperature=config.temperature,
            concurrency=config.concurrency if is_closed else None,
            rate_per_s=config.rate if config.slo is None else None,
            arrivals="closed" if is_closed else config.arrivals,
            repetitions=config.repetitions if config.slo is None else None,
            threads_rule="auto" if config.threads is None else str(config.threads),
            slo=config.slo,
        ),
        host=host,
        engine=engine,
        versions=versions(),
        articles=tuple(
            ArticleRef(
                id=article.id,
                title=article.title,
                url=article.url,
                chars=len(article.text),
                prompt_tokens=tokens if work.is_counted else None,
            )
            for article, tokens in zip(work.articles, work.prompt_tokens, strict=True)
        ),
        clock={"name": clock.implementation, "resolution_ns": round(clock.resolution * 1e9)},
    )


def _plain(value: object) -> str | int | float | bool | None:
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"an option of type {type(value).__name__} has no plain form")
