"""Settings: arguments beat environment beats default, and nonsense is named."""

from pathlib import Path

import pytest

from summarizer.settings import OPTIONS, SdTarget, Settings, settings_from
from yoyak.errors import UsageError
from yoyak.host.cloud import CloudIdentity

REMOTE = ("--engine-url", "http://127.0.0.1:9")


def test_without_arguments_every_setting_has_its_default() -> None:
    url = "http://127.0.0.1:9"
    assert settings_from(REMOTE, {}) == Settings(engine_url=url)


def test_an_argument_beats_the_environment() -> None:
    given = settings_from((*REMOTE, "--queue", "3"), {"YOYAK_QUEUE": "5", "YOYAK_PORT": "9000"})
    assert (given.queue, given.port) == (3, 9000)


def test_an_empty_variable_is_not_given() -> None:
    assert settings_from(REMOTE, {"YOYAK_QUEUE": ""}).queue == Settings().queue


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.variable)
def test_every_option_can_be_given_as_a_variable(option: object) -> None:
    values = {
        "YOYAK_THREADS": "auto",
        "YOYAK_BUILD": "native",
        "YOYAK_ENGINE": "ollama",
        "YOYAK_ENGINE_URL": "http://localhost:11434",
        "YOYAK_SD_TARGETS": "node=node:9100",
    }
    variable = option.variable  # type: ignore[attr-defined] # pytest passes what OPTIONS holds
    settings_from(REMOTE, {variable: values.get(variable, "1")})


def test_threads_auto_is_none_and_a_number_is_itself() -> None:
    assert settings_from((*REMOTE, "--threads", "auto"), {}).threads is None
    assert settings_from((*REMOTE, "--threads", "4"), {}).threads == 4


def test_identity_comes_from_the_environment_alone() -> None:
    environ = {"YOYAK_INSTANCE_TYPE": "r5.4xlarge", "YOYAK_ACCELERATOR": "A10G"}
    given = settings_from(REMOTE, environ)
    assert given.told == CloudIdentity(instance_type="r5.4xlarge")
    assert given.accelerator == "A10G"


def test_service_discovery_targets_are_job_and_address() -> None:
    given = settings_from(REMOTE, {"YOYAK_SD_TARGETS": "summarizer=s:8080, node=node:9100"})
    assert given.sd_targets == (
        SdTarget(job="summarizer", address="s:8080"),
        SdTarget(job="node", address="node:9100"),
    )


def test_a_misspelt_variable_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"YOYAK_TREADS.*did you mean YOYAK_THREADS"):
        settings_from(REMOTE, {"YOYAK_TREADS": "4"})


@pytest.mark.parametrize("variable", ["YOYAK_RUN_ARTICLES", "YOYAK_GRAFANA_PASSWORD", "PATH"])
def test_variables_of_other_parts_are_left_alone(variable: str) -> None:
    assert settings_from(REMOTE, {variable: "x"}) == settings_from(REMOTE, {})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--port", "65536"), '--port is "65536"; it takes 0 to 65535'),
        (("--port", "http"), '--port is "http"'),
        (("--concurrency", "0"), "--concurrency"),
        (("--timeout-s", "0"), "--timeout-s"),
        (("--timeout-s", "nan"), "--timeout-s"),
        (("--timeout-s", "inf"), "--timeout-s"),
        (("--threads", "many"), "--threads"),
        (("--engine-url", "localhost:1"), "--engine-url"),
        (("--colour", "red"), "unrecognized arguments"),
        (("--queue",), "expected one argument"),
    ],
)
def test_a_value_that_cannot_be_is_named(arguments: tuple[str, ...], says: str) -> None:
    with pytest.raises(UsageError, match=says.replace("?", r"\?")):
        settings_from((*REMOTE, *arguments), {})


def test_a_wrong_variable_is_named_as_the_variable() -> None:
    with pytest.raises(UsageError, match='YOYAK_QUEUE is "-1"; it takes a number from 0'):
        settings_from(REMOTE, {"YOYAK_QUEUE": "-1"})


def test_the_embedded_engine_needs_a_model() -> None:
    with pytest.raises(UsageError, match="no model; give --model"):
        settings_from((), {})


def test_a_model_that_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"absent\.gguf is no file"):
        settings_from(("--model", str(tmp_path / "absent.gguf")), {})
