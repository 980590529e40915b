import pytest

from otlp_spans.settings import OtlpSettings, settings_from
from yoyak.errors import UsageError

HERE = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},  # as compose passes an unset variable
        {**HERE, "OTEL_SDK_DISABLED": "true"},
        {**HERE, "OTEL_SDK_DISABLED": "TRUE"},
        {**HERE, "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_nothing_is_sent_unless_an_endpoint_says_where(environ: dict[str, str]) -> None:
    assert settings_from(environ) is None


def test_the_protocol_is_http_unless_told_and_that_of_traces_comes_first() -> None:
    assert settings_from(HERE) == OtlpSettings(endpoint="http://localhost:4318")
    both = {
        **HERE,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "tempo:4317",
    }
    assert settings_from(both) == OtlpSettings(endpoint="tempo:4317", protocol="grpc")


@pytest.mark.parametrize(
    ("variable", "value", "takes"),
    [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "grpc or http/protobuf"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318", "http://localhost:4318"),
        ("OTEL_TRACES_EXPORTER", "zipkin", "otlp or none"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote", "traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "2", "0 to 1"),
        ("OTEL_TRACES_SAMPLER_ARG", "half", "0 to 1"),
        ("OTEL_BSP_SCHEDULE_DELAY", "-1", "at least 1"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "many", "at least 1"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_what_can(
    variable: str, value: str, takes: str
) -> None:
    environ = {**HERE, "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", variable: value}
    with pytest.raises(UsageError, match=variable) as raised:
        settings_from(environ)
    assert takes in str(raised.value)


@pytest.mark.parametrize(
    ("sampler", "ratio"),
    [("always_on", 1.0), ("parentbased_always_off", 0.0), ("traceidratio", 0.25)],
)
def test_the_sampler_decides_on_traces_that_begin_here(sampler: str, ratio: float) -> None:
    given = {**HERE, "OTEL_TRACES_SAMPLER": sampler, "OTEL_TRACES_SAMPLER_ARG": "0.25"}
    settings = settings_from(given)
    assert settings is not None
    assert settings.root_ratio == ratio


def test_a_quarter_of_the_ids_are_kept_by_the_half_that_opentelemetry_looks_at() -> None:
    quarter = OtlpSettings(endpoint="http://x", root_ratio=0.25)
    assert quarter.is_root_sampled("f" * 16 + "3" + "f" * 15)
    assert not quarter.is_root_sampled("0" * 16 + "4" + "0" * 15)
    assert OtlpSettings(endpoint="http://x").is_root_sampled("f" * 32)
    assert not OtlpSettings(endpoint="http://x", root_ratio=0).is_root_sampled("0" * 32)
