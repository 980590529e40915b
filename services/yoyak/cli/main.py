"""The command `yoyak`: verbs, one-line errors, exit codes."""

import sys

import click

from yoyak import __version__
from yoyak.errors import YoyakError

INTERRUPTED = 130
STOPPED = "stopped by Ctrl-C; what was finished is kept, and the same command begins again"
# A verb's module is imported when the verb is used: `yoyak --help` must not wait for scipy.
VERBS = {
    "demo": ("yoyak.cli.demo", "demo"),
    "crawl": ("yoyak.cli.crawl", "crawl"),
    "dataset": ("yoyak.cli.dataset", "dataset"),
    "model": ("yoyak.cli.model", "model"),
    "engine": ("yoyak.cli.engine", "engine"),
    "serve": ("yoyak.cli.serve", "serve"),
    "run": ("yoyak.cli.run", "run"),
    "report": ("yoyak.cli.report", "report"),
    "compare": ("yoyak.cli.compare", "compare"),
    "prices": ("yoyak.cli.prices", "prices"),
    "calibrate": ("yoyak.cli.calibrate", "calibrate_command"),
    "doctor": ("yoyak.cli.doctor", "doctor"),
    "alerts": ("yoyak.cli.alerts", "alerts"),
    "publish": ("yoyak.cli.publish", "publish"),
}
SHORT_HELP = {
    "demo": "the whole pipeline on this machine: no Docker, no Ollama, no download",
    "crawl": "news pages into a dataset",
    "dataset": "verify or show a dataset",
    "model": "make or show a model file; have Ollama fetch one",
    "engine": "build llama.cpp natively for this CPU or GPU; show what was built",
    "serve": "run the summarizer service",
    "run": "benchmark an engine on a dataset",
    "report": "show a run; write its HTML, Markdown, CSV or JSON",
    "compare": "compare runs: tables, verdicts, cost",
    "prices": "what hosts cost an hour; today's prices from AWS",
    "calibrate": "this host's own measuring error, against ollama_replay",
    "doctor": "what is missing or wrong on this host, and what mends it",
    "alerts": "show or set the thresholds of the alert rules",
    "publish": "put finished runs into Grafana and Prometheus",
}


class LazyGroup(click.Group):
    """A group whose verbs are imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the verbs in the order of the work."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the module of one verb."""
        if cmd_name not in VERBS:
            return None
        module_name, attribute = VERBS[cmd_name]
        module = __import__(module_name, fromlist=[attribute])
        command: click.Command = getattr(module, attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, SHORT_HELP[verb]) for verb in VERBS])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: yoyak demo",
)
@click.version_option(__version__, prog_name="yoyak")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def yoyak(ctx: click.Context, debug: bool) -> None:
    """Which machine should run this LLM? The same work on every host, measured honestly."""
    ctx.obj = debug


def main() -> None:
    """Run the command line and exit: 0 fine, 1 measured failure, 2 usage, 3 environment, 130."""
    sys.exit(run_command_line(sys.argv[1:]))


def run_command_line(arguments: list[str]) -> int:
    """Run one command and return its exit code; an error is one line on stderr."""
    try:
        code = yoyak.main(arguments, prog_name="yoyak", standalone_mode=False)
    except YoyakError as error:
        if "--debug" in arguments:
            raise
        click.echo(f"error: {error}", err=True)
        return error.exit_code
    except click.Abort:
        click.echo(STOPPED, err=True)
        return INTERRUPTED
    except KeyboardInterrupt:
        click.echo(STOPPED, err=True)
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:  # the reader of our output left: `yoyak compare ... | head`
        sys.stderr.close()
        return 0
    return code if isinstance(code, int) else 0
