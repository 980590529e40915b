"""`yoyak model`: make a synthetic-weights GGUF, or show what a GGUF file holds."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

import click

from yoyak.cli.progress import progress_on_stderr
from yoyak.models import PRESETS, read_gguf, synth


@click.group()
def model() -> None:
    """Make, show or fetch a model."""


@model.command("synth", epilog="Example: yoyak model synth mistral-7b --out mistral-7b.gguf")
@click.argument("preset", type=click.Choice(sorted(PRESETS)))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file to write.")
@click.option("--seed", default=0, show_default=True, help="Of the random weights.")
def synth_command(preset: str, out: Path, seed: int) -> None:
    """Write a GGUF with the shapes and quantization of a real model and random weights.

    Prompt and decode speed are those of the shape; the text that it writes is noise.
    """
    progress = progress_on_stderr()
    with progress.step(f"synthetic {preset}") as step:
        result = synth(preset, out, seed=seed, progress=step.update)
    click.echo(
        json.dumps(
            {
                "path": str(result.path),
                "preset": preset,
                "seed": seed,
                "bytes": result.size_bytes,
                "parameters": result.parameter_count,
                "sha256": result.sha256,
                "seconds": round(result.elapsed_s, 2),
                "synthetic": True,
            }
        )
    )


@model.command("show", epilog="Example: yoyak model show mistral.gguf")
@click.argument("file", type=click.Path(path_type=Path))
def show_command(file: Path) -> None:
    """Print what a GGUF file says of itself, as JSON."""
    facts = asdict(read_gguf(file))
    click.echo(json.dumps({**facts, "path": str(file)}, ensure_ascii=False, indent=2))


@model.command("pull", epilog="Example: yoyak model pull mistral:7b-instruct-q4_0")
@click.argument("name")
@click.option("--url", help="Of the Ollama server.  [default: http://127.0.0.1:11434]")
def pull_command(name: str, url: str | None) -> None:
    """Have an Ollama server fetch a model; a pull that broke off goes on where it was.

    The progress is in bytes of all layers, and Ollama's own words for what has none.
    """
    from yoyak.engines.ollama import DEFAULT_URL
    from yoyak.engines.ollama_pull import PullProgress, pull

    address = url or DEFAULT_URL
    watcher = progress_on_stderr()
    last = ""
    with watcher.step(f"{name} to {address}") as step:

        def on_progress(told: PullProgress) -> None:
            nonlocal last
            if told.total_bytes:
                step.update(told.done_bytes, told.total_bytes)
            # A layer's status names its digest, and comes with every few bytes of it.
            is_layer = told.total_bytes > 0 and told.status.startswith("pulling ")
            words = "pulling layers" if is_layer else told.status
            if words != last:
                watcher.note(words)
            last = words

        asyncio.run(pull(address, name, on_progress=on_progress))
    click.echo(json.dumps({"model": name, "url": address, "status": "success"}))
