"""/metrics and /sd of a service that really worked, read by prometheus_client's own parsers."""

from collections.abc import Iterator

import pytest
from prometheus_client.core import Metric
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families
from tests.integration.summarizer.running import ARTICLE, Service, serving

from yoyak.telemetry import names

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OPENMETRICS = {"Accept": "application/openmetrics-text;version=1.0.0"}


@pytest.fixture(scope="module")
def worked(basics: tuple[str, ...]) -> Iterator[Service]:
    environment = {
        "YOYAK_INSTANCE_TYPE": "r5.4xlarge",
        "YOYAK_AVAILABILITY_ZONE": "eu-west-1a",
        "YOYAK_ACCELERATOR": "none of the real ones",
    }
    with serving(*basics, **environment) as service:
        traceparent = f"00-{TRACE}-00f067aa0ba902b7-01"
        service.summarize(output_tokens=8, headers={"traceparent": traceparent})
        service.summarize(output_tokens=8, headers={"X-Yoyak-Phase": "warmup"})
        service.summarize(output_tokens=0)
        yield service


def text(service: Service) -> list[Metric]:
    return list(text_string_to_metric_families(service.ask("GET", "/metrics").body.decode()))


def openmetrics(service: Service) -> list[Metric]:
    body = service.ask("GET", "/metrics", headers=OPENMETRICS).body.decode()
    return list(openmetrics_parser.text_string_to_metric_families(body))  # type: ignore[no-untyped-call] # the library left it untyped


def test_both_formats_hold_the_same_families(worked: Service) -> None:
    for parsed in (text(worked), openmetrics(worked)):
        assert {family.name for family in parsed} >= {
            "yoyak_requests",
            "gen_ai_client_operation_duration_seconds",
            "yoyak_engine_resident_memory_bytes",
            "yoyak_engine_cpu_seconds",
            "yoyak_host_cpu_seconds",
        }


def test_what_was_asked_for_is_what_is_answered(worked: Service) -> None:
    plain = worked.ask("GET", "/metrics").headers["content-type"]
    assert plain.startswith("text/plain")
    open_type = worked.ask("GET", "/metrics", headers=OPENMETRICS).headers["content-type"]
    assert open_type.startswith("application/openmetrics-text")


def test_every_family_and_label_is_one_that_the_names_define(worked: Service) -> None:
    for family in openmetrics(worked):
        defined = names.METRICS[family.name + ("_total" if family.type == "counter" else "")]
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(defined.labels), sample.name


def test_no_label_holds_a_prompt_an_id_or_an_address(worked: Service) -> None:
    body = worked.ask("GET", "/metrics").body.decode()
    for forbidden in (ARTICLE["id"] + '"', ARTICLE["title"], "http://", TRACE):
        assert forbidden not in body


def test_outcomes_and_phases_are_counted_apart(worked: Service) -> None:
    for outcome, phase in (("ok", "measured"), ("ok", "warmup"), ("invalid", "measured")):
        assert worked.metric("yoyak_requests_total", outcome=outcome, phase=phase) == 1


def test_an_exemplar_leads_from_a_bucket_to_the_trace(worked: Service) -> None:
    exemplars = {
        sample.name: dict(sample.exemplar.labels)
        for family in openmetrics(worked)
        for sample in family.samples
        if sample.exemplar is not None
    }
    assert exemplars == {
        "gen_ai_client_operation_duration_seconds_bucket": {"trace_id": TRACE},
        "gen_ai_client_operation_time_to_first_chunk_seconds_bucket": {"trace_id": TRACE},
    }


def test_the_engines_memory_is_that_of_its_process_not_ours(worked: Service) -> None:
    pid = worked.engine["pid"]
    with open(f"/proc/{pid}/status") as status:  # noqa: PTH123 - a kernel file
        kib = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    exported = worked.metric("yoyak_engine_resident_memory_bytes")
    assert exported == pytest.approx(kib * 1024, rel=0.1)


def test_the_model_is_named_and_said_to_be_synthetic(worked: Service) -> None:
    assert worked.metric("yoyak_model_info", engine="llamacpp", synthetic="true") == 1


def test_sd_lists_the_service_under_the_address_it_was_asked_with(worked: Service) -> None:
    groups = worked.ask("GET", "/sd").json
    assert groups == [
        {
            "targets": [worked.url.removeprefix("http://")],
            "labels": {
                "accelerator": "none of the real ones",
                "availability_zone": "eu-west-1a",
                "instance_type": "r5.4xlarge",
                "__meta_yoyak_job": "summarizer",
            },
        }
    ]
