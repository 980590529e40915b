"""The configuration of one benchmark run: flags beat environment beats file beats default."""

import difflib
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, cast, get_args

from yoyak.errors import UsageError
from yoyak.slo import EXAMPLE, parse_slo, slo_text
from yoyak.units import duration_s

Origin = Literal["flag", "environment", "file", "default"]
Arrivals = Literal["poisson", "constant"]
Build = Literal["auto", "native", "cuda", "wheel"]
ENVIRONMENT_PREFIX = "YOYAK_RUN_"
# Kept out of RunConfig, whose every field is written into the manifest.
API_KEY_VARIABLES = ("YOYAK_API_KEY",)
ENGINE_API_KEY_VARIABLES: Mapping[str, tuple[str, ...]] = {"openai": ("OPENAI_API_KEY",)}
# A host's identity, which the other parts of the stack read under the same names.
SHARED_VARIABLES = {
    "YOYAK_INSTANCE_TYPE": "instance_type",
    "YOYAK_INSTANCE_ID": "instance_id",
    "YOYAK_AVAILABILITY_ZONE": "availability_zone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """What `yoyak run` does; docs/measurement.md says what each option changes in the numbers."""

    dataset: Path = Path("dataset")
    articles: int = 8
    article_chars: int = 1500  # longer articles are passed over, never cut
    engine: str = "llamacpp"
    url: str | None = None  # None: the engine's usual address, or one that we start
    model: str | None = None  # a name, or a GGUF file for llamacpp
    build: Build = "auto"  # of llama.cpp, where we start it: native if there is one, else the wheel
    concurrency: int = 1
    rate: float | None = None  # requests a second: open loop
    arrivals: Arrivals = "poisson"
    slo: str | None = None  # latency targets: search for the highest rate that meets them
    duration: float | None = None  # seconds a repetition; None: each article once
    repetitions: int = 5
    warmup: int | None = None  # requests at the head of a repetition; None: until steady
    cooldown: float = 0.0  # seconds of rest before each repetition but the first
    output_tokens: int = 200
    threads: int | None = None  # None: auto, the physical cores within affinity and quota
    slots: int | None = None  # requests that the engine works on at once; None: see `parallel`
    context: int = 4096  # tokens a slot
    batch: int = 512
    seed: int = 1
    temperature: float = 0.0
    timeout: float = 600.0  # seconds a request may take
    max_failures: int = 0
    out: Path = Path("runs")
    price: float | None = None  # USD an hour for this host
    cache: Path = Path("~/.cache/yoyak")
    instance_type: str | None = None  # None: what firmware or the cloud's metadata say
    instance_id: str | None = None
    availability_zone: str | None = None

    @property
    def parallel(self) -> int:
        """Slots of an engine that we start: as many as asked for, else as there are users."""
        return self.concurrency if self.slots is None else self.slots


@dataclass(frozen=True, slots=True)
class ResolvedConfig:
    """A configuration, and where each of its values came from."""

    config: RunConfig
    origins: Mapping[str, Origin]


def resolve(
    flags: Mapping[str, Any],
    *,
    environ: Mapping[str, str],
    file: Path | None = None,
) -> ResolvedConfig:
    """Return the configuration from flags (None means not given), environment and TOML file.

    Raises:
        UsageError: an unknown key, or a value that cannot be; says which and where it came from.
    """
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {field.name: "default" for field in fields(RunConfig)}
    sources: tuple[tuple[Origin, Mapping[str, Any]], ...] = (
        ("file", _from_file(file)),
        ("environment", _from_environment(environ)),
        ("flag", {k: v for k, v in flags.items() if v is not None}),
    )
    for origin, given in sources:
        for name, raw in given.items():
            values[name] = _parse(name, raw, origin)
            origins[name] = origin
    config = RunConfig(**values)
    _check(config, origins)
    return ResolvedConfig(config, origins)


def api_key(environ: Mapping[str, str], *, engine: str) -> str | None:
    """Return the key that the environment has for an engine, or None.

    YOYAK_API_KEY for any engine, then the one that the engine's other clients use.
    """
    for variable in (*API_KEY_VARIABLES, *ENGINE_API_KEY_VARIABLES.get(engine, ())):
        if environ.get(variable):
            return environ[variable]
    return None


def recorded(
    values: Mapping[str, Any], origins: Mapping[str, Origin], *, where: str
) -> ResolvedConfig:
    """Return the configuration that a run's manifest recorded; what it lacks has its default.

    Args:
        values: by field name; None is a default that means "not given".
        origins: by field name.
        where: names the manifest in an error.

    Raises:
        UsageError: an option that this version does not know, or a value that cannot be.
    """
    for name in values:
        if name not in PARSERS:
            raise UsageError(
                f'{where} has the option "{name}", which this yoyak does not know; update it'
            )
    given: dict[str, Any] = {
        name: _parse(name, raw, origins[name]) for name, raw in values.items() if raw is not None
    }
    defaults: dict[str, Origin] = {field.name: "default" for field in fields(RunConfig)}
    return ResolvedConfig(RunConfig(**given), {**defaults, **origins})


def _from_file(path: Path | None) -> Mapping[str, Any]:
    if path is None:
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"--config {path} cannot be read: {error.strerror}; name an existing TOML file"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"--config {path} is not TOML: {error}; mend that line") from error
    known = {name.replace("_", "-"): name for name in PARSERS} | {name: name for name in PARSERS}
    for key in table:
        if key not in known:
            raise UsageError(f'--config {path}: unknown key "{key}"{_nearest(key, known)}')
    return {known[key]: value for key, value in table.items()}


def _from_environment(environ: Mapping[str, str]) -> Mapping[str, Any]:
    given = {name: environ[var] for var, name in SHARED_VARIABLES.items() if environ.get(var)}
    for variable, value in environ.items():
        if not variable.startswith(ENVIRONMENT_PREFIX):
            continue
        name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        if name not in PARSERS:
            names = {ENVIRONMENT_PREFIX + known.upper(): known for known in PARSERS}
            raise UsageError(f"unknown variable {variable}{_nearest(variable, names)}")
        if value:  # compose passes an unset variable as an empty one
            given[name] = value
    return given


def _nearest(key: str, known: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f'; did you mean "{near[0]}"?' if near else "; remove it"


def _parse(name: str, raw: object, origin: Origin) -> object:
    where = {
        "flag": f"--{name.replace('_', '-')}",
        "environment": f"{name.upper()} in the environment",
        "file": f"{name} in the file",
        "default": name,
    }[origin]
    expected, parse = PARSERS[name]
    try:
        return parse(raw)
    except (TypeError, ValueError) as error:
        raise UsageError(f'{where} is "{raw}"; it takes {expected}') from error


def _count(raw: object) -> int:
    value = _whole(raw)
    if value < 1:
        raise ValueError
    return value


def _whole(raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        raise TypeError
    value = int(raw)
    if value < 0:
        raise ValueError
    return value


def _positive(raw: object) -> float:
    value = _not_negative(raw)
    if value == 0:
        raise ValueError
    return value


def _not_negative(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise TypeError
    value = float(raw)
    if not math.isfinite(value) or value < 0:
        raise ValueError
    return value


def _duration(raw: object) -> float:
    """Seconds from a number or a text such as "90", "1.5s", "250ms", "10m", "1h"."""
    return _positive(duration_s(raw) if isinstance(raw, str) else raw)


def _rest(raw: object) -> float:
    return _not_negative(duration_s(raw) if isinstance(raw, str) else raw)


def _slo(raw: object) -> str:
    return slo_text(parse_slo(_text(raw)))


def _auto(parse: Callable[[object], int]) -> Callable[[object], int | None]:
    return lambda raw: None if raw == "auto" else parse(raw)


def _text(raw: object) -> str:
    if not isinstance(raw, str) or not raw:
        raise TypeError
    return raw


def _arrivals(raw: object) -> Arrivals:
    if raw == "poisson":
        return "poisson"
    if raw == "constant":
        return "constant"
    raise ValueError


def _build(raw: object) -> Build:
    for build in get_args(Build):
        if raw == build:
            return cast("Build", build)
    raise ValueError


_COUNT = ("a whole number of at least 1", _count)
_SECONDS = ('seconds, or a duration such as "90s" or "10m"', _duration)
_FILE = ("a path", lambda raw: Path(_text(str(raw))).expanduser())

PARSERS: Mapping[str, tuple[str, Callable[[object], object]]] = {
    "dataset": _FILE,
    "articles": _COUNT,
    "article_chars": _COUNT,
    "engine": ("an engine's name", _text),
    "url": ("an address such as http://127.0.0.1:11434", _text),
    "model": ("a model's name or a GGUF file", _text),
    "build": (f"one of {', '.join(get_args(Build))}", _build),
    "concurrency": _COUNT,
    "rate": ("requests a second, above 0", _positive),
    "arrivals": ("poisson or constant", _arrivals),
    "slo": (f"targets such as {EXAMPLE}", _slo),
    "duration": _SECONDS,
    "repetitions": _COUNT,
    "warmup": ('"auto" or a whole number of requests', _auto(_whole)),
    "cooldown": ('seconds, or a duration such as "10s"; 0 for none', _rest),
    "output_tokens": _COUNT,
    "threads": ('"auto" or a whole number of at least 1', _auto(_count)),
    "slots": ('"auto" or a whole number of at least 1', _auto(_count)),
    "context": _COUNT,
    "batch": _COUNT,
    "seed": ("a whole number of at least 0", _whole),
    "temperature": ("a number of at least 0", _not_negative),
    "timeout": _SECONDS,
    "max_failures": ("a whole number of at least 0", _whole),
    "out": _FILE,
    "price": ("US dollars an hour, above 0", _positive),
    "cache": _FILE,
    "instance_type": ("a name such as r5.4xlarge", _text),
    "instance_id": ("a name", _text),
    "availability_zone": ("a name such as ap-northeast-2a", _text),
}


def _check(config: RunConfig, origins: Mapping[str, Origin]) -> None:
    if config.rate is not None and origins["concurrency"] != "default":
        raise UsageError(
            "--rate (open loop) and --concurrency (closed loop) exclude each other; give one"
        )
    if config.slo is not None and origins["concurrency"] != "default":
        raise UsageError("--slo searches in open loop; leave --concurrency away")
    if config.slo is not None and origins["repetitions"] != "default":
        raise UsageError("--slo runs one block a rate; leave --repetitions away")
    if config.slo is not None and config.rate is None and config.warmup == 0:
        raise UsageError(
            "--slo finds its first rate from the warm-up; give --rate where --warmup is 0"
        )
    if config.rate is None and config.slo is None and origins["arrivals"] != "default":
        raise UsageError("--arrivals shapes an open loop; give --rate as well")
    is_closed = config.rate is None and config.slo is None
    if is_closed and config.parallel < config.concurrency:
        raise UsageError(
            f"--slots {config.slots} is too few for --concurrency {config.concurrency}: each "
            "user needs one; raise --slots"
        )
    if config.output_tokens >= config.context:
        raise UsageError(
            f"--output-tokens {config.output_tokens} leaves no room for a prompt in "
            f"--context {config.context}; raise --context"
        )
