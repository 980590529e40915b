"""The natively built engine through our path, against llama-bench of the same build.

    .venv/bin/python benchmarks/native.py [--preset 1b] [--preset mistral-7b] [--pairs 7]

One request through `--engine llamacpp` and llama-bench, in another order each time, so that both
meet the same machine: same program files, GGUF, threads, CPUs, pages of memory, batches, loading
mode, prompt tokens, output tokens, and decode at the same depth of context. For each pair the
ratio of our rates to llama-bench's; the median of ratios is to be at least 0.97, of prompt and of
decode.

Each side warms up right before: llama-bench with a prompt of the same length, and so do we. After
another process has had the caches, a first prompt of the 7B preset takes 3 to 8 % longer.

Another run of llama-bench in each pair is left to the kernel's choice of CPUs and pages, as by
one who calls it without more: what our engine's placement is worth.

- prompt: prompt tokens / llama.cpp's prompt time, as `yoyak run` publishes it; llama-bench's `pp`
- decode: (tokens - 1) / llama.cpp's decode time, likewise; llama-bench's `tg` at the prompt's depth

Needs `yoyak engine build --cache .cache`. Exit code 1 if a median misses its goal, 3 without a
build.
"""

import argparse
import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import uvloop

from yoyak import prompts
from yoyak.engines.base import GenerationOptions, GenerationRequest
from yoyak.engines.embedded import EmbeddedLlama, Settings
from yoyak.engines.native.builds import NativeBuild, choose_build
from yoyak.engines.placement import cpus_to_bind, mask_of, with_huge_pages
from yoyak.errors import YoyakError
from yoyak.host.topology import auto_threads
from yoyak.load.loops import collector_off
from yoyak.models import cached

LEAST_RATIO = 0.97
BATCH, CONTEXT = 512, 1024
READY_S = 1800.0
BENCH_S = 1800.0
TEXT = "가온증권은 오늘 새로운 뉴스 요약 서비스를 시작했다고 밝혔다. "
# A 7B model evaluates 10 to 20 prompt tokens a second on two cores: the work must end.
WORK = {"mistral-7b": (110, 32)}  # (characters of text, output tokens)
USUAL_WORK = (400, 64)


@dataclass(frozen=True, slots=True)
class Rates:
    """Tokens a second."""

    prompt: float
    decode: float


@dataclass(frozen=True, slots=True)
class Pair:
    """The sides of one pair."""

    ours: Rates
    bench: Rates
    unplaced: Rates  # llama-bench's, its CPUs and pages left to the kernel

    @property
    def ratios(self) -> Rates:
        """Ours over llama-bench's."""
        return Rates(self.ours.prompt / self.bench.prompt, self.ours.decode / self.bench.decode)

    @property
    def unplaced_ratios(self) -> Rates:
        """Ours over those of llama-bench that is left to the kernel."""
        other = self.unplaced
        return Rates(self.ours.prompt / other.prompt, self.ours.decode / other.decode)


def a_request(index: int, *, chars: int, output_tokens: int) -> GenerationRequest:
    """Return a request whose prompt no other begins like."""
    text = (TEXT * (chars // len(TEXT) + 1))[:chars]
    nonce = prompts.nonce("native", index)
    return GenerationRequest(
        request_id=f"native-{index}",
        article_id="native",
        title="제목",
        text=text,
        nonce=nonce,
        prompt=prompts.build_prompt(nonce=nonce, title="제목", text=text),
        options=GenerationOptions(output_tokens=output_tokens, seed=1, temperature=0.0),
    )


async def ask(engine: EmbeddedLlama, request: GenerationRequest) -> tuple[Rates, int]:
    """Return the rates of one request as a run publishes them, and its prompt tokens."""
    with collector_off():
        usage = [chunk async for chunk in engine.stream(request)][-1].usage
    if usage is None or not usage.prompt_tokens or not usage.output_tokens:
        raise SystemExit("error: the engine gave no counts")
    if not usage.prompt_eval_s or not usage.decode_s or usage.cached_tokens:
        raise SystemExit("error: the engine gave no timings, or took a prompt from its cache")
    rates = Rates(
        prompt=usage.prompt_tokens / usage.prompt_eval_s,
        decode=(usage.output_tokens - 1) / usage.decode_s,
    )
    return rates, usage.prompt_tokens


def bench_commands(
    build: NativeBuild, model: Path, *, threads: int, prompt_tokens: int, output_tokens: int
) -> tuple[list[str], list[str]]:
    """Return the commands for the same work: the prompt from nothing, and decode after it.

    Two, since llama-bench crosses its lists: one would measure a prompt at depth as well.
    """
    common = [
        *(str(build.bench), "-m", str(model), "-t", str(threads), "-r", "1", "-o", "json"),
        *("-b", str(BATCH), "-ub", str(BATCH), "-lm", "none"),
        *(("-ngl", "999") if build.backend == "cuda" else ()),
    ]
    return (
        [*common, "-p", str(prompt_tokens), "-n", "0"],
        [*common, "-p", "0", "-n", str(output_tokens), "-d", str(prompt_tokens)],
    )


def run_bench(commands: Sequence[list[str]], threads: int, *, is_placed: bool) -> Rates:
    """Run llama-bench twice, for the prompt and for decode, and return its rates."""
    environment, placed = dict(os.environ), []
    if is_placed:
        environment = with_huge_pages(environment)
        cpus = cpus_to_bind(threads, os.sched_getaffinity(0))
        if cpus:
            placed = ["--cpu-mask", mask_of(cpus), "--cpu-strict", "1"]
    rates = []
    for command in commands:
        done = subprocess.run(
            [*command, *placed],
            capture_output=True,
            text=True,
            timeout=BENCH_S,
            check=False,
            env=environment,
        )
        if done.returncode:
            raise SystemExit(f"error: llama-bench failed: {done.stderr.strip()[-200:]}")
        [result] = json.loads(done.stdout)
        rates.append(float(result["avg_ts"]))
    return Rates(*rates)


async def measure(preset: str, build: NativeBuild, asked: argparse.Namespace) -> list[Pair]:
    """Return the pairs of one preset."""
    model = cached(preset, cache_dir=asked.cache / "models")
    chars, output_tokens = WORK.get(preset, USUAL_WORK)
    settings = Settings(
        model=model,
        threads=asked.threads,
        context=CONTEXT,
        batch=BATCH,
        parallel=1,
        timeout_s=READY_S,
        cache_dir=asked.cache,
        build=build,
    )
    engine = EmbeddedLlama(settings)
    requests = (
        a_request(index, chars=chars, output_tokens=output_tokens) for index in itertools.count()
    )

    async def ours() -> Rates:
        await ask(engine, next(requests))
        return (await ask(engine, next(requests)))[0]

    pairs = []
    try:
        await engine.describe()
        _, prompt_tokens = await ask(engine, next(requests))
        commands = bench_commands(
            build,
            model,
            threads=asked.threads,
            prompt_tokens=prompt_tokens,
            output_tokens=output_tokens,
        )

        async def bench(*, is_placed: bool) -> Rates:
            return await asyncio.to_thread(run_bench, commands, asked.threads, is_placed=is_placed)

        sides: dict[str, Callable[[], Awaitable[Rates]]] = {
            "ours": ours,
            "bench": partial(bench, is_placed=True),
            "unplaced": partial(bench, is_placed=False),
        }
        for index in range(asked.pairs):
            began = time.monotonic()
            turn = index % len(sides)
            order = [*sides][turn:] + [*sides][:turn]
            pairs.append(Pair(**{name: await sides[name]() for name in order}))
            tell(preset, index + 1, asked.pairs, pairs[-1], time.monotonic() - began)
    finally:
        await engine.close()
    return pairs


def tell(preset: str, number: int, of: int, pair: Pair, took_s: float) -> None:
    """Say how a pair went, on stderr."""
    sys.stderr.write(
        f"{preset} pair {number}/{of} in {took_s:.0f} s: prompt {pair.ours.prompt:.1f} / "
        f"{pair.bench.prompt:.1f}, decode {pair.ours.decode:.2f} / {pair.bench.decode:.2f} "
        f"(left to the kernel {pair.unplaced.prompt:.1f} and {pair.unplaced.decode:.2f})\n"
    )


def row(preset: str, pairs: Sequence[Pair]) -> tuple[str, list[str]]:
    """Return a table row, and one line for each goal that was missed."""
    cells, missed = [preset, str(len(pairs))], []
    for kind in ("prompt", "decode"):
        ours = statistics.median(getattr(pair.ours, kind) for pair in pairs)
        bench = statistics.median(getattr(pair.bench, kind) for pair in pairs)
        ratios = sorted(getattr(pair.ratios, kind) for pair in pairs)
        middle = statistics.median(ratios)
        unplaced = statistics.median(getattr(pair.unplaced_ratios, kind) for pair in pairs)
        cells.append(
            f"{ours:.2f} / {bench:.2f} | {middle:.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f}) | "
            f"{unplaced:.3f}"
        )
        if middle < LEAST_RATIO:
            missed.append(f"{preset}: {kind} {middle:.3f} of llama-bench, at least {LEAST_RATIO}")
    return f"| {' | '.join(cells)} |", missed


def main() -> int:
    """Measure and print; see the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--preset", action="append", help="once or more (1b and mistral-7b)")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--threads", type=int, default=auto_threads())
    parser.add_argument("--cache", type=Path, default=Path(".cache"))
    parser.add_argument("--cuda", action="store_true", help="the CUDA build, fully offloaded")
    asked = parser.parse_args()
    asked.cache = asked.cache.absolute()
    try:
        build = choose_build("cuda" if asked.cuda else "native", asked.cache)
    except YoyakError as error:
        sys.stderr.write(f"error: {error} --cache {asked.cache}\n")
        return error.exit_code
    if build is None:
        raise SystemExit("error: the wheel is no native build")
    presets = asked.preset or ["1b", "mistral-7b"]
    load_before = os.getloadavg()[0]
    rows, missed = [], []
    for preset in presets:
        line, said = row(preset, uvloop.run(measure(preset, build, asked)))
        rows.append(line)
        missed += said
    sys.stdout.write(
        f"{build.name}, {asked.threads} threads of {os.cpu_count()} CPUs, load average before "
        f"{load_before:.2f}; tokens/s ours / llama-bench; ratio: median (least to most); left to "
        "the kernel: median ratio to llama-bench whose CPUs and pages the kernel chose\n\n"
        "| preset | pairs | prompt | ratio | left to the kernel | decode | ratio | left to the "
        "kernel |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"
    )
    sys.stdout.write("".join(f"missed: {one}\n" for one in missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
