"""The service's settings: arguments beat environment beats default; read once, then passed on."""

import argparse
import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from otlp_spans.settings import OtlpSettings
from otlp_spans.settings import settings_from as traces_from
from yoyak.config import Build, RunConfig
from yoyak.engines.native.builds import CHOICES
from yoyak.errors import UsageError
from yoyak.host.cloud import NOT_A_CLOUD, CloudIdentity
from yoyak.units import MIB

PREFIX = "YOYAK_"
# Variables that other parts of the stack read: no mistake if they are set where we start.
OTHER_PREFIXES = (
    "YOYAK_RUN_",  # yoyak run
    "YOYAK_API_",  # for clients of this service: its address, as a container sees it
    "YOYAK_NEWSROOM_",
    "YOYAK_GRAFANA_",
    "YOYAK_PROMETHEUS_",
    "YOYAK_IMAGE_",  # compose: image names and tags
    "YOYAK_TEST_",
    "YOYAK_HUB",  # its address, user and password file
    "YOYAK_CRAWL_",
    "YOYAK_OLLAMA_",
)
# The rest of what .env.example names for the other services of the stack.
OTHER_VARIABLES = (
    "YOYAK_ALERTMANAGER_PORT",
    "YOYAK_BIND",
    "YOYAK_DATASET",
    "YOYAK_DEBUG",
    "YOYAK_GID",
    "YOYAK_KEYWORD",
    "YOYAK_MODELS",
    "YOYAK_RERUN",
    "YOYAK_RUNS",
    "YOYAK_RUNS_URL",
    "YOYAK_UID",
)
_MOST_PORT = 65535
_RUN = RunConfig()  # the defaults that fit a real host are one list


@dataclass(frozen=True, slots=True, kw_only=True)
class SdTarget:
    """An address that /sd tells Prometheus about, and the job that it belongs to."""

    job: str
    address: str  # host:port


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that the service is told from outside."""

    host: str = "127.0.0.1"
    port: int = 8080  # 0: the kernel picks one
    engine: str = "llamacpp"
    engine_url: str | None = None  # None: we start the embedded engine ourselves
    api_key: str | None = field(default=None, repr=False)  # for an engine that wants one
    model: str | None = None  # a GGUF file for an engine of ours, else the engine's own name
    build: Build = "auto"  # of llama.cpp, where we start it
    threads: int | None = None  # None: auto, the physical cores within affinity and quota
    context: int = _RUN.context  # tokens of one slot
    batch: int = _RUN.batch
    concurrency: int = 1  # requests in the engine at once
    queue: int = 64  # requests that may wait for that
    timeout_s: float = _RUN.timeout  # of one request, from its arrival, the wait included
    grace_s: float = 5.0  # for requests in flight once we are told to stop
    body_limit_bytes: int = MIB
    cache: Path = _RUN.cache  # of digests of model files
    die_with_parent: bool = False
    sd_targets: tuple[SdTarget, ...] = ()  # empty: the address that /sd was asked under
    told: CloudIdentity = NOT_A_CLOUD  # what the environment says of this instance
    accelerator: str | None = None
    traces: OtlpSettings | None = None  # where spans go; None for nowhere


def settings_from(arguments: Sequence[str], environ: Mapping[str, str]) -> Settings:
    """Return the settings from `python -m summarizer` arguments and YOYAK_* variables.

    Raises:
        UsageError: an unknown argument or variable, or a value that cannot be; names it.
    """
    _refuse_unknown(environ)
    given: dict[str, Any] = {}
    for option in OPTIONS:
        raw = environ.get(option.variable)
        if raw:  # compose passes an unset variable as an empty one
            given[option.field] = _parsed(option, raw, option.variable)
    parsed = vars(_parser().parse_args(list(arguments)))
    die_with_parent = parsed.pop("die_with_parent")
    for option in OPTIONS:
        raw = parsed.get(option.field)
        if raw is not None:
            given[option.field] = _parsed(option, raw, option.flag)
    told = CloudIdentity(
        instance_type=given.pop("instance_type", None),
        instance_id=given.pop("instance_id", None),
        availability_zone=given.pop("availability_zone", None),
    )
    settings = Settings(
        **given, told=told, die_with_parent=die_with_parent, traces=traces_from(environ)
    )
    _check_together(settings)
    return settings


@dataclass(frozen=True, slots=True)
class Option:
    """One setting that can be given from outside."""

    field: str
    parse: Callable[[str], Any]
    takes: str  # what the error says it takes
    help: str | None  # None: a variable only, no argument

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return PREFIX + self.field.upper()

    @property
    def flag(self) -> str:
        """Its argument."""
        return "--" + self.field.replace("_", "-")


def _at_least(low: int, high: int | None = None) -> Callable[[str], int]:
    def parse(raw: str) -> int:
        value = int(raw)
        if value < low or (high is not None and value > high):
            raise ValueError
        return value

    return parse


def _threads(raw: str) -> int | None:
    return None if raw == "auto" else _at_least(1)(raw)


def _positive_s(raw: str) -> float:
    value = float(raw)
    if not 0 < value < float("inf"):
        raise ValueError
    return value


def _build(raw: str) -> Build:
    found = next((choice for choice in CHOICES if choice == raw), None)
    if found is None:
        raise ValueError
    return found


def _text(raw: str) -> str:
    if not raw.strip():
        raise ValueError
    return raw.strip()


def _url(raw: str) -> str:
    if not raw.startswith(("http://", "https://")) or len(raw.split("//", 1)[1]) == 0:
        raise ValueError
    return raw.rstrip("/")


def _sd_targets(raw: str) -> tuple[SdTarget, ...]:
    targets = []
    for item in raw.split(","):
        job, equals, address = item.strip().partition("=")
        _, colon, port = address.rpartition(":")
        if not job or not equals or not colon or not port.isdigit():
            raise ValueError
        targets.append(SdTarget(job=job, address=address))
    return tuple(targets)


OPTIONS = (
    Option("host", _text, "an address", "address to listen on"),
    Option("port", _at_least(0, _MOST_PORT), "0 to 65535", "0 lets the kernel pick one"),
    Option("engine", _text, "an engine's name", "llamacpp, ollama or openai"),
    Option("engine_url", _url, "an http:// address", "an engine that runs already"),
    Option("model", _text, "a file or a name", "a GGUF file, or the engine's name of a model"),
    Option("build", _build, f"one of {', '.join(CHOICES)}", "of llama.cpp, where we start it"),
    Option("threads", _threads, "auto or a number from 1", "auto or a number"),
    Option("context", _at_least(1), "a number from 1", "tokens of one slot"),
    Option("batch", _at_least(1), "a number from 1", "tokens of a prompt batch"),
    Option(
        "concurrency", _at_least(1), "a number from 1", "requests in the engine at once: its slots"
    ),
    Option("queue", _at_least(0), "a number from 0", "requests that may wait for that"),
    Option("timeout_s", _positive_s, "seconds above 0", "of a request, the wait included"),
    Option("grace_s", _positive_s, "seconds above 0", "for requests in flight at the end"),
    Option("body_limit_bytes", _at_least(1), "a number from 1", "largest request body"),
    Option("cache", Path, "a folder", "for digests of model files and native builds"),
    Option("api_key", _text, "a key", None),  # an argument could be read by all
    Option("sd_targets", _sd_targets, "job=host:port,...", None),
    Option("instance_type", _text, "a name", None),
    Option("instance_id", _text, "a name", None),
    Option("availability_zone", _text, "a name", None),
    Option("accelerator", _text, "a name", None),
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see python -m summarizer --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m summarizer",
        description="An article in, a summary out, over HTTP.",
        epilog="Example: python -m summarizer --model mistral-7b.gguf --port 0. Each argument can "
        "be given as a variable too: --timeout-s as YOYAK_TIMEOUT_S.",
        allow_abbrev=False,
    )
    defaults = Settings()
    for option in OPTIONS:
        if option.help is not None:
            default = getattr(defaults, option.field)
            shown = "auto" if option.field == "threads" else default
            text = option.help if shown is None else f"{option.help} (default {shown})"
            parser.add_argument(option.flag, dest=option.field, metavar="X", help=text)
    parser.add_argument(
        "--die-with-parent", action="store_true", help="stop when the starting process ends"
    )
    return parser


def _parsed(option: Option, raw: str, where: str) -> object:
    try:
        return option.parse(raw)
    except ValueError as error:
        raise UsageError(f'{where} is "{raw}"; it takes {option.takes}') from error


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {option.variable for option in OPTIONS}
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in known or variable in OTHER_VARIABLES:
            continue
        if variable.startswith(OTHER_PREFIXES):
            continue
        near = difflib.get_close_matches(variable, sorted(known), n=1)
        mend = f"did you mean {near[0]}?" if near else "remove it"
        raise UsageError(f"unknown variable {variable} in the environment; {mend}")


def _check_together(settings: Settings) -> None:
    starts_engine = settings.engine_url is None and settings.engine == "llamacpp"
    if not starts_engine:
        return
    if settings.model is None:
        raise UsageError(
            "no model; give --model FILE.gguf (yoyak model synth tiny --out tiny.gguf makes one), "
            "or --engine-url of an engine that runs"
        )
    if not Path(settings.model).is_file():
        raise UsageError(f"--model {settings.model} is no file; name a GGUF file")
