import subprocess
import sys

INTERRUPT_AT_IMPORT = """
import importlib.abc, os, signal, sys

class Interrupts(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "yoyak.cli.main":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
from yoyak.cli.entry import main
main()
"""


def test_an_interrupt_while_the_command_is_imported_is_one_line_and_130() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPT_AT_IMPORT], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 130
    assert ended.stderr == "stopped by Ctrl-C before anything began\n"


def test_the_command_runs_from_its_entry() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "yoyak.cli", "--version"], capture_output=True, text=True, check=True
    )
    assert ended.stdout.startswith("yoyak")
