"""Whether a new build runs here: it loads a tiny model, writes an answer, and says what it is."""

import asyncio
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

from yoyak import prompts
from yoyak.engines.base import GenerationOptions, GenerationRequest
from yoyak.engines.embedded import EmbeddedLlama, Settings
from yoyak.engines.native.builds import NativeBuild
from yoyak.engines.native.recipe import BUILD_NUMBER, COMMIT
from yoyak.errors import HostError, one_line

_ANSWER_S = 60.0
_TOKENS = 4
_CONTEXT = 256
_VERSION = re.compile(r"version:.*\bbuild (\d+), commit (\w+)")
_COMPILER = re.compile(r"built with (.+?) for ")


def checked(build: NativeBuild, model: Path) -> NativeBuild:
    """Return the build with what its programs say of themselves.

    Args:
        build: with its programs in place.
        model: a small GGUF file.

    Raises:
        HostError: a program does not run, is another version, or does not do what it should.
    """
    compiler = compiler_of(_output([str(build.server), "--version"]))
    build = replace(build, compiler=compiler)
    _check_bench(build, model)
    return replace(build, isa=asyncio.run(_answered(build, model)))


def compiler_of(text: str) -> str | None:
    """Return the compiler from what `llama-server --version` prints.

    Raises:
        HostError: it is another version than the recipe's.
    """
    version = _VERSION.search(text)
    if version is None or (int(version[1]), version[2]) != (BUILD_NUMBER, COMMIT):
        raise HostError(
            f"llama-server calls itself {one_line(text)!r}, not {BUILD_NUMBER} ({COMMIT}); "
            "begin anew: yoyak engine build --again"
        )
    compiler = _COMPILER.search(text)
    return compiler[1] if compiler else None


async def _answered(build: NativeBuild, model: Path) -> str | None:
    """Have it write a few tokens through our own path; return its line on instruction sets."""
    engine = EmbeddedLlama(
        Settings(
            model=model,
            threads=1,
            context=_CONTEXT,
            batch=_CONTEXT,
            parallel=1,
            timeout_s=_ANSWER_S,
            build=build,
        )
    )
    try:
        facts = await engine.describe()
        usage = [chunk async for chunk in engine.stream(_request())][-1].usage
    finally:
        await engine.close()
    if usage is None or usage.output_tokens != _TOKENS:
        raise HostError(f"the new llama-server wrote {usage} for {_TOKENS} tokens")
    if facts.backend != build.backend:
        raise HostError(
            f"the {build.backend} build ran on the {facts.backend}: no GPU took its layers; "
            "see nvidia-smi"
        )
    return facts.isa


def _request() -> GenerationRequest:
    nonce = prompts.nonce("native_build", 0)
    return GenerationRequest(
        request_id="native-build-check",
        article_id="check",
        title="제목",
        text="본문",
        nonce=nonce,
        prompt=prompts.build_prompt(nonce=nonce, title="제목", text="본문"),
        options=GenerationOptions(output_tokens=_TOKENS, seed=1, temperature=0.0),
    )


def _check_bench(build: NativeBuild, model: Path) -> None:
    command = [str(build.bench), "-m", str(model), "-p", "8", "-n", "2", "-r", "1", "-t", "1"]
    try:
        rows = json.loads(_output([*command, "-o", "json"], with_errors=False))
        commits = {row["build_commit"] for row in rows}
    except (ValueError, TypeError, KeyError) as error:
        raise HostError(f"the new llama-bench gave no figures: {one_line(str(error))}") from error
    if commits != {COMMIT}:
        raise HostError(f"llama-bench is of {commits}, not {COMMIT}; yoyak engine build --again")


def _output(command: list[str], *, with_errors: bool = True) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_ANSWER_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HostError(f"the new {Path(command[0]).name} does not run: {error}") from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        how = f"signal {-done.returncode}" if done.returncode < 0 else f"exit {done.returncode}"
        raise HostError(
            f"the new {Path(command[0]).name} does not run here ({how}): {one_line(lines[-1])}"
        )
    return done.stdout + (done.stderr if with_errors else "")
