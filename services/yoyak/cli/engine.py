"""`yoyak engine`: build llama.cpp natively on this host, and say what was built."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from yoyak.cli.consoles import messages_console, results_console
from yoyak.cli.progress import progress_on_stderr
from yoyak.config import RunConfig
from yoyak.engines.native.builds import NativeBuild, choose_build, cpu_sha256, list_builds
from yoyak.engines.native.recipe import TARGETS, VERSION

_cache = click.option(
    "--cache",
    type=click.Path(path_type=Path),
    default=RunConfig().cache,
    show_default=True,
    help="Folder that keeps builds, as for `yoyak run`.",
)
_cuda = click.option("--cuda", is_flag=True, help="The build for NVIDIA GPUs.")


@click.group(epilog="Example: yoyak engine build")
def engine() -> None:
    """Build llama.cpp natively on this host; `yoyak run --engine llamacpp` then prefers it."""


@engine.command("build", epilog="Example: yoyak engine build")
@_cuda
@_cache
@click.option(
    "--sdist",
    type=click.Path(path_type=Path),
    help="The pinned source distribution, fetched elsewhere, for a host without an index.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Compilers at once.  [default: CPUs]")
@click.option(
    "--cuda-architectures", metavar="LIST", help='Such as "86-real;90".  [default: the GPUs here]'
)
@click.option("--again", is_flag=True, help="Build from the beginning, even if one is there.")
def build_command(
    cuda: bool,
    cache: Path,
    sdist: Path | None,
    jobs: int | None,
    cuda_architectures: str | None,
    again: bool,
) -> None:
    """Build llama-server and llama-bench for this very CPU, check them, and keep them.

    Takes minutes. What was interrupted goes on at the next call. Needs cmake, a C++ compiler and
    ninja or make, for --cuda NVIDIA's toolkit as well: `yoyak doctor` says what is missing.
    """
    # The compiler's side, which nothing else needs.
    from yoyak.bench.native_build.build import Wish, build_engine

    wish = Wish(
        backend="cuda" if cuda else "cpu",
        cache=cache.expanduser().absolute(),
        sdist=sdist,
        jobs=jobs,
        again=again,
        cuda_architectures=cuda_architectures,
    )
    click.echo(json.dumps(_told(build_engine(wish, progress_on_stderr()))))


@engine.command("list", epilog="Example: yoyak engine list")
@_cache
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text")
def list_command(cache: Path, form: str) -> None:
    """List native builds: those that this CPU may run, and others."""
    builds = list_builds(cache.expanduser().absolute())
    if form == "json":
        click.echo(json.dumps([_told(build) for build in builds], indent=2))
        return
    if not builds:
        messages_console().print("no native build is there; make one: yoyak engine build")
        return
    table = Table("version", "backend", "CPU", "built at", "usable here", "folder", box=None)
    for build in builds:
        usable = "yes" if _is_usable(build) else _why_not(build)
        table.add_row(
            build.version,
            build.backend,
            build.cpu_model or "?",
            build.built_at,
            usable,
            str(build.folder),
        )
    results_console().print(table)


@engine.command("path", epilog="Example: $(yoyak engine path llama-bench) -m mistral.gguf")
@click.argument("program", type=click.Choice(TARGETS), default=TARGETS[0])
@_cuda
@_cache
def path_command(program: str, cuda: bool, cache: Path) -> None:
    """Print the path of a program of the native build; exits with 3 if there is none."""
    build = choose_build("cuda" if cuda else "native", cache.expanduser().absolute())
    if build is not None:
        click.echo(build.folder / program)


def _told(build: NativeBuild) -> dict[str, Any]:
    usable = {"usable_here": _is_usable(build), "name": build.name}
    return {**asdict(build), "folder": str(build.folder), **usable}


def _is_usable(build: NativeBuild) -> bool:
    return (build.version, build.cpu_sha256) == (VERSION, cpu_sha256())


def _why_not(build: NativeBuild) -> str:
    return "no: another CPU" if build.version == VERSION else "no: another version"
