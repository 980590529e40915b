from pathlib import Path

import pytest

from yoyak.bench.native_build.compiling import (
    compile_command,
    configure_command,
    first_error,
    read_progress,
    run_logged,
)
from yoyak.errors import HostError


def test_ninja_counts_steps_and_make_per_cents() -> None:
    assert read_progress("[17/210] Building CXX object src/x.o\n") == (17, 210)
    assert read_progress("[  7%] Building CXX object src/x.o\n") == (7, 100)
    assert read_progress("[100%] Built target llama-bench\n") == (100, 100)
    assert read_progress("x.cpp:12:3: note: [1/2] is no step\n") is None


def test_the_commands_build_two_targets_out_of_the_tree() -> None:
    configure = configure_command(Path("tree"), Path("out"), ("-DA=ON",), generator="Ninja")
    assert configure == ["cmake", "-S", "tree", "-B", "out", "-G", "Ninja", "-DA=ON"]
    assert compile_command(Path("out"), jobs=2) == [
        *("cmake", "--build", "out", "--target", "llama-server", "llama-bench", "--parallel", "2")
    ]


@pytest.mark.parametrize(
    "cause",
    [
        "/t/x.cpp:1:10: fatal error: nothing.h: No such file or directory",
        "CMake Error at CMakeLists.txt:3 (message):",
        "c++: fatal error: Killed signal terminated program cc1plus",
        "/usr/bin/ld: final link failed: No space left on device",
    ],
)
def test_the_first_error_is_the_cause(cause: str) -> None:
    lines = ["[1/2] Building x\n", "warning: unused\n", f"{cause}\n", "ninja: build stopped.\n"]
    assert first_error(lines) == cause


def test_without_an_error_the_last_line_must_do() -> None:
    assert first_error(["one\n", "two\n", "\n"]) == "two"
    assert first_error([]) == "no word"


def test_output_is_logged_and_progress_told(tmp_path: Path) -> None:
    told: list[tuple[float, float | None]] = []
    log = tmp_path / "log"
    script = "echo '[1/2] one'; echo note >&2; echo '[2/2] two'"
    run_logged(["sh", "-c", script], log=log, what="a test", update=lambda *step: told.append(step))
    assert told == [(1, 2), (2, 2)]
    assert log.read_text().splitlines()[1:] == ["[1/2] one", "note", "[2/2] two"]


def test_a_failure_is_one_line_with_cause_and_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(HostError) as caught:
        run_logged(
            ["sh", "-c", "echo 'x.cpp:1: error: no such thing'; echo 'ninja: stopped'; exit 1"],
            log=log,
            what="compiling llama.cpp",
            update=lambda *_: None,
        )
    assert str(caught.value) == (
        f"compiling llama.cpp failed: x.cpp:1: error: no such thing; the whole log: {log}; the "
        "same command goes on from here, --again begins anew"
    )


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"no-such-cmake cannot be started.*yoyak doctor"):
        run_logged(["no-such-cmake"], log=tmp_path / "log", what="a test", update=lambda *_: None)


def test_an_interrupt_ends_the_compilers_too(tmp_path: Path) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    # A descendant that holds the pipe: only if it is ended does the test end in time.
    script = "sleep 100 & echo '[1/2] one'; wait"
    with pytest.raises(KeyboardInterrupt):
        run_logged(["sh", "-c", script], log=tmp_path / "log", what="a test", update=interrupt)
