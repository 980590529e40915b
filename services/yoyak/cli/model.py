"""`yoyak model`: make a synthetic-weights GGUF, or show what a GGUF file holds."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from yoyak.cli.consoles import messages_console
from yoyak.cli.progress import progress_on
from yoyak.models import PRESETS, read_gguf, synth


@click.group()
def model() -> None:
    """Make or show a model file."""


@model.command("synth", epilog="Example: yoyak model synth mistral-7b --out mistral-7b.gguf")
@click.argument("preset", type=click.Choice(sorted(PRESETS)))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file to write.")
@click.option("--seed", default=0, show_default=True, help="Of the random weights.")
def synth_command(preset: str, out: Path, seed: int) -> None:
    """Write a GGUF with the shapes and quantization of a real model and random weights.

    Prompt and decode speed are those of the shape; the text that it writes is noise.
    """
    progress = progress_on(messages_console())
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
