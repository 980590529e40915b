"""`yoyak serve`: the summarizer service."""

import click

from yoyak.cli.handover import become


@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    epilog="Example: yoyak serve --model mistral.gguf --port 8080",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def serve(arguments: tuple[str, ...]) -> None:
    """Run the summarizer service; see `yoyak serve --help` for its options."""
    become("summarizer", arguments)
