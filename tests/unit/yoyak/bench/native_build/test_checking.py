import pytest

from yoyak.bench.native_build.checking import compiler_of
from yoyak.engines.native.recipe import BUILD_NUMBER, COMMIT
from yoyak.errors import HostError

SAID = (
    "version: 0.5.0-dev (build {number}, commit {commit})\nbuilt with GNU 12.2.0 for Linux x86_64\n"
)


def test_the_compiler_is_what_the_program_says() -> None:
    assert compiler_of(SAID.format(number=BUILD_NUMBER, commit=COMMIT)) == "GNU 12.2.0"


@pytest.mark.parametrize(("number", "commit"), [(0, COMMIT), (BUILD_NUMBER, "unknown")])
def test_a_program_of_another_version_is_refused(number: int, commit: str) -> None:
    with pytest.raises(HostError, match=rf"not {BUILD_NUMBER} \({COMMIT}\).*--again"):
        compiler_of(SAID.format(number=number, commit=commit))
