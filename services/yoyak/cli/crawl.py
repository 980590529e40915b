"""`yoyak crawl`: news pages into a dataset, by the crawler's own program."""

import click

from yoyak.cli.handover import become


@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    epilog="Example: yoyak crawl site https://news.example/economy --out dataset",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def crawl(arguments: tuple[str, ...]) -> None:
    """Crawl news into a dataset; see `yoyak crawl --help` for its verbs and options."""
    become("newscrawl", arguments)
