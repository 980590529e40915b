"""Records that tests build on."""

from dataclasses import replace

from yoyak.records import (
    ArticleRef,
    EngineFacts,
    Manifest,
    ModelFacts,
    Option,
    RequestRecord,
    Workload,
)

RUN_ID = "20260101T000000Z-host-0000"


def a_request(*, index: int = 0, **changes: object) -> RequestRecord:
    """A request of 10 tokens, the first after 0.5 s, the others 0.1 s apart."""
    record = RequestRecord(
        request_id=f"{RUN_ID}-{index:06d}",
        article_id="a1",
        repetition=0,
        is_warmup=False,
        scheduled_ns=0,
        sent_ns=0,
        chunk_ns=tuple(500_000_000 + 100_000_000 * i for i in range(10)),
        done_ns=1_400_000_000,
        article_chars=400,
        prompt_chars=480,
        output_chars=20,
        prompt_tokens=500,
        cached_tokens=0,
        output_tokens=10,
        engine_load_s=None,
        prompt_eval_s=0.498,
        decode_s=0.9,
        engine_total_s=None,
        finish_reason="length",
        http_status=200,
        error=None,
        output="요약" * 10,
    )
    return replace(record, **changes)  # type: ignore[arg-type]  # fields by name


def a_manifest(**changes: object) -> Manifest:
    """The manifest of a small run."""
    manifest = Manifest(
        schema_version=1,
        run_id=RUN_ID,
        started_at="2026-01-01T00:00:00.000Z",
        origin_monotonic_ns=1,
        command=("yoyak", "run"),
        options={"articles": Option(value=1, origin="default")},
        workload=Workload(
            dataset_sha256="0" * 64,
            article_ids=("a1",),
            template_sha256="1" * 64,
            output_tokens=10,
            output_length_forced=True,
            context_tokens=4096,
            batch_tokens=512,
            seed=1,
            temperature=0.0,
            concurrency=1,
            rate_per_s=None,
            arrivals="closed",
            repetitions=1,
            threads_rule="auto",
        ),
        host={"hostname": "host"},
        engine=EngineFacts(name="llamacpp", model=ModelFacts(name="tiny")),
        versions={"yoyak": "0.1.0"},
        clock={"name": "clock_gettime(CLOCK_MONOTONIC)", "resolution_ns": 1},
        articles=(ArticleRef(id="a1", title="요약할 글", url=None, chars=400, prompt_tokens=500),),
    )
    return replace(manifest, **changes)  # type: ignore[arg-type]  # fields by name
