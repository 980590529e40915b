from dataclasses import fields
from pathlib import Path

import pytest

from yoyak.config import PARSERS, RunConfig, api_key, recorded, resolve
from yoyak.errors import UsageError


def test_defaults_are_those_that_fit_a_real_host() -> None:
    config = resolve({}, environ={}).config
    assert (config.articles, config.article_chars, config.concurrency) == (8, 1500, 1)
    assert (config.context, config.batch, config.output_tokens) == (4096, 512, 200)
    assert (config.temperature, config.seed, config.repetitions) == (0.0, 1, 5)
    assert config.warmup is None
    assert config.threads is None
    assert config.max_failures == 0


def test_every_field_can_be_set() -> None:
    assert {field.name for field in fields(RunConfig)} == set(PARSERS)


def test_flags_beat_environment_beats_file_beats_default(tmp_path: Path) -> None:
    file = tmp_path / "yoyak.toml"
    file.write_text("articles = 1\nseed = 2\nbatch = 256\n")
    environ = {"YOYAK_RUN_ARTICLES": "3", "YOYAK_RUN_SEED": "4"}
    resolved = resolve({"articles": "5", "seed": None}, environ=environ, file=file)
    assert (resolved.config.articles, resolved.config.seed, resolved.config.batch) == (5, 4, 256)
    assert resolved.origins["articles"] == "flag"
    assert resolved.origins["seed"] == "environment"
    assert resolved.origins["batch"] == "file"
    assert resolved.origins["context"] == "default"


def test_a_file_may_spell_options_as_the_command_line_does(tmp_path: Path) -> None:
    file = tmp_path / "yoyak.toml"
    file.write_text('output-tokens = 64\nthreads = "auto"\n')
    assert resolve({}, environ={}, file=file).config.output_tokens == 64


def test_the_stacks_identity_variables_are_shared() -> None:
    environ = {"YOYAK_INSTANCE_TYPE": "r5.4xlarge", "YOYAK_ELSE": "not ours to judge"}
    resolved = resolve({}, environ=environ)
    assert resolved.config.instance_type == "r5.4xlarge"
    assert resolved.origins["instance_type"] == "environment"


def test_an_empty_variable_is_an_unset_one() -> None:
    assert resolve({}, environ={"YOYAK_RUN_SEED": ""}).origins["seed"] == "default"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"articles": "0"}, r'--articles is "0"; it takes a whole number of at least 1'),
        ({"articles": "2.5"}, "--articles"),
        ({"repetitions": "-1"}, "--repetitions"),
        ({"temperature": "nan"}, "--temperature"),
        ({"temperature": "-0.1"}, "--temperature"),
        ({"rate": "0"}, "--rate"),
        ({"timeout": "soon"}, '--timeout is "soon"; it takes seconds'),
        ({"arrivals": "uniform", "rate": "1"}, "poisson or constant"),
        ({"threads": "0"}, "--threads"),
        ({"rate": "1", "concurrency": "2"}, "exclude each other"),
        ({"arrivals": "poisson"}, "give --rate as well"),
        ({"output_tokens": "4096"}, "leaves no room"),
        ({"slots": "0"}, '--slots is "0"; it takes "auto" or a whole number'),
        ({"slots": "2", "concurrency": "4"}, "--slots 2 is too few for --concurrency 4"),
    ],
)
def test_a_wrong_value_gets_one_line_that_says_what_it_takes(
    flags: dict[str, str], message: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        resolve(flags, environ={})
    assert "\n" not in str(caught.value)


def test_an_unknown_variable_names_its_neighbour() -> None:
    with pytest.raises(UsageError, match='did you mean "YOYAK_RUN_ARTICLES"'):
        resolve({}, environ={"YOYAK_RUN_ARTICEL": "3"})


@pytest.mark.parametrize(
    ("content", "message"),
    [("artikel = 3", 'unknown key "artikel"'), ("articles = ", "is not TOML"), (None, "cannot be")],
)
def test_a_bad_file_gets_one_line(tmp_path: Path, content: str | None, message: str) -> None:
    file = tmp_path / "yoyak.toml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(UsageError, match=message):
        resolve({}, environ={}, file=file)


@pytest.mark.parametrize(
    ("text", "expected_s"), [("90", 90), ("1.5s", 1.5), ("250ms", 0.25), ("10m", 600), ("1h", 3600)]
)
def test_durations_take_units(text: str, expected_s: float) -> None:
    assert resolve({"timeout": text}, environ={}).config.timeout == expected_s


@pytest.mark.parametrize(("text", "expected"), [("auto", None), ("3", 3), ("0", 0)])
def test_warmup_is_auto_or_a_count(text: str, expected: int | None) -> None:
    assert resolve({"warmup": text}, environ={}).config.warmup == expected


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({}, 1),
        ({"concurrency": "4"}, 4),
        ({"concurrency": "4", "slots": "auto"}, 4),
        ({"concurrency": "4", "slots": "8"}, 8),
        ({"rate": "2"}, 1),
        ({"rate": "2", "slots": "4"}, 4),
        ({"slo": "ttft_p95=2s", "slots": "4"}, 4),
    ],
)
def test_slots_are_as_many_as_users_unless_told(flags: dict[str, str], expected: int) -> None:
    assert resolve(flags, environ={}).config.parallel == expected


def test_targets_have_one_form_in_the_configuration() -> None:
    config = resolve({"slo": "ttft_p95=2000ms,tpot_p90=0.1"}, environ={}).config
    assert config.slo == "ttft_p95=2s,tpot_p90=0.1s"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"slo": "ttft_p95"}, "is no target"),
        ({"slo": "ttft_p95=2s", "concurrency": "2"}, "searches in open loop"),
        ({"slo": "ttft_p95=2s", "repetitions": "2"}, "one block a rate"),
        ({"slo": "ttft_p95=2s", "warmup": "0"}, "give --rate where --warmup is 0"),
        ({"cooldown": "-1"}, "--cooldown"),
    ],
)
def test_a_search_takes_no_options_of_other_runs(flags: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        resolve(flags, environ={})


def test_a_search_may_be_told_arrivals_and_its_first_rate() -> None:
    flags = {"slo": "ttft_p95=2s", "arrivals": "constant", "rate": "2", "warmup": "0"}
    assert resolve(flags, environ={}).config.rate == 2.0


def test_a_rest_may_be_none() -> None:
    assert resolve({"cooldown": "0"}, environ={}).config.cooldown == 0
    assert resolve({"cooldown": "1.5m"}, environ={}).config.cooldown == 90


def test_what_a_manifest_recorded_is_read_back() -> None:
    flags = {"seed": "3", "threads": "2", "slo": "ttft_p95=2s", "cooldown": "5s", "cache": "x"}
    resolved = resolve(flags, environ={"YOYAK_RUN_BATCH": "256"})
    values = {field.name: getattr(resolved.config, field.name) for field in fields(RunConfig)}
    plain = {k: str(v) if isinstance(v, Path) else v for k, v in values.items()}
    again = recorded(plain, resolved.origins, where="manifest.json")
    assert again == resolved


def test_an_option_of_a_newer_yoyak_cannot_be_gone_on_with() -> None:
    with pytest.raises(UsageError, match=r'manifest.json has the option "magic"'):
        recorded({"magic": 1}, {"magic": "flag"}, where="manifest.json")


def test_a_key_comes_from_the_environment_and_the_engines_own_variable_comes_second() -> None:
    both = {"YOYAK_API_KEY": "ours", "OPENAI_API_KEY": "theirs"}
    assert api_key(both, engine="openai") == "ours"
    assert api_key({"OPENAI_API_KEY": "theirs"}, engine="openai") == "theirs"
    assert api_key({"OPENAI_API_KEY": "theirs"}, engine="ollama") is None
    assert api_key({"YOYAK_API_KEY": ""}, engine="ollama") is None
