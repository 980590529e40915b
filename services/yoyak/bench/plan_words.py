"""What a run is about to do, in words, with the time that it will take as far as it is known."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from yoyak.bench.eta import duration_words, guess_run_s
from yoyak.bench.preflight import Work
from yoyak.config import RunConfig
from yoyak.load.steady import LEAST
from yoyak.records import EngineFacts

# Hosts -> repetitions, as `analysis.planning.repetitions_needed` has it (a test sees to that). Here
# as numbers, for computing them takes scipy, and nobody should wait for that before the clock.
REPETITIONS_NEEDED: Mapping[int, int] = {2: 5, 3: 6, 5: 7, 10: 8}


def plan_words(
    config: RunConfig,
    facts: EngineFacts,
    work: Work,
    *,
    threads: int,
    path: Path,
    repetitions_left: int,
) -> Sequence[str]:
    """Return the lines that are told before the first request.

    Args:
        config: of the run.
        facts: of the engine.
        work: articles with their tokens.
        threads: as resolved.
        path: the run's folder.
        repetitions_left: fewer than planned in a run that was resumed.
    """
    if config.slo is not None:
        return _sweep_words(config, facts, path)
    size = f"{repetitions_left} repetitions of {len(work.articles)} articles"
    needs = ", ".join(f"{hosts} hosts {n}" for hosts, n in REPETITIONS_NEEDED.items())
    eta = _eta_words(config, facts, work, threads=threads, repetitions=repetitions_left)
    return (
        f"{size} into {path}: {eta}",
        f"repetitions that find a difference of 5 % at 2 % noise: {needs}",
    )


def _sweep_words(config: RunConfig, facts: EngineFacts, path: Path) -> Sequence[str]:
    length = "as many requests as its percentile needs (130 for a p95)"
    if config.duration is not None:
        length = duration_words(config.duration)
    plan = (
        f"search for the highest rate with {config.slo} into {path}: about 6 to 10 steps, each of "
        f"{length}; the time is known once the first rate is"
    )
    if facts.parallel != 1:
        return (plan,)
    more = "start the service with --concurrency N" if facts.via else "give --slots N"
    return (plan, f"the engine works on one request at a time; for more, {more}")


def _eta_words(
    config: RunConfig, facts: EngineFacts, work: Work, *, threads: int, repetitions: int
) -> str:
    rests_s = config.cooldown * max(0, repetitions - 1)
    model = facts.model
    if config.duration is not None:
        return duration_words(config.duration * repetitions + rests_s) + " and the model loads"
    if config.rate is not None:
        least_s = len(work.articles) / config.rate * repetitions + rests_s
        return f"at least {duration_words(least_s)}, and the model loads"
    if facts.backend == "cpu" and model.parameters and model.size_bytes:
        guess_s = guess_run_s(
            prompt_tokens=work.prompt_tokens,
            output_tokens=config.output_tokens,
            parameters=model.parameters,
            size_bytes=model.size_bytes,
            threads=facts.threads or threads,
            repetitions=repetitions,
            warmup=LEAST if config.warmup is None else config.warmup,
        )
        return f"about {duration_words(guess_s + rests_s)}, guessed from the model's size"
    return "time unknown until the first requests are done"
