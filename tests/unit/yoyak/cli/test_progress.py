"""What the command line draws of a step's progress."""

import io

import pytest
from rich.console import Console

from yoyak.bench.progress import Expected
from yoyak.cli.bars import TerminalProgress
from yoyak.cli.progress import LineProgress, time_left


@pytest.mark.parametrize(
    ("expected", "gone_s", "words"),
    [
        (Expected(5.0), 0.0, "about 5 s, as last time"),
        (Expected(5.0), 3.0, "about 2 s, as last time"),
        (Expected(5.0, is_guess=True), 4.9, "about 1 s, guessed"),
        (Expected(5.0), 6.0, "any moment (5 s as last time)"),
    ],
)
def test_what_is_left_of_an_expected_time(expected: Expected, gone_s: float, words: str) -> None:
    assert time_left(expected, gone_s) == words


def test_a_log_has_the_eta_in_a_steps_first_line() -> None:
    written = io.StringIO()
    with LineProgress(written).step("report", expected=Expected(3.0)):
        pass
    assert written.getvalue().splitlines()[0] == "report (ETA about 3 s, as last time) ..."


def test_a_terminal_shows_the_eta_of_a_step_that_counts_no_work() -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=120)
    with TerminalProgress(console).step("report", expected=Expected(3.0, is_guess=True)):
        pass
    assert "about 3 s, guessed" in written.getvalue()
