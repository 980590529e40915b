"""Child processes that behave and that do not, as small shell scripts."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from yoyak.engines import child_process
from yoyak.engines.child_process import ChildProcess
from yoyak.errors import HostError, UsageError

READY_S = 10.0
Starter = Callable[[str], Awaitable[ChildProcess]]


@pytest.fixture
async def start() -> AsyncIterator[Starter]:
    started: list[ChildProcess] = []

    async def starter(script: str) -> ChildProcess:
        command = ["sh", "-c", script]
        child = await ChildProcess.start(command, name="the child", environment=dict(os.environ))
        started.append(child)
        return child

    yield starter
    for child in started:
        await child.stop()


async def test_its_first_line_says_that_it_is_ready(start: Starter) -> None:
    child = await start("echo ready; cat >/dev/null")
    assert await child.ready_line(READY_S) == "ready\n"
    assert child.is_running


async def test_stopping_returns_when_it_is_gone(start: Starter) -> None:
    child = await start("echo ready; cat >/dev/null")
    await child.ready_line(READY_S)
    await child.stop()
    assert not child.is_running
    assert "killed by SIGTERM" in child.end_text()
    await child.stop()  # once more changes nothing


async def test_one_that_will_not_end_is_killed(
    start: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_process, "STOP_S", 0.2)
    child = await start("trap '' TERM; echo ready; while :; do sleep 0.1; done")
    await child.ready_line(READY_S)
    await child.stop()
    assert "killed by SIGKILL" in child.end_text()


async def test_one_that_ends_before_it_is_ready_is_told_with_its_error(start: Starter) -> None:
    child = await start("echo 'starting' >&2; echo 'error: no such disk' >&2; exit 3")
    with pytest.raises(HostError, match="the child did not start: no such disk"):
        await child.ready_line(READY_S)


async def test_one_that_refuses_its_arguments_is_a_usage_error(start: Starter) -> None:
    child = await start("echo 'error: no such option' >&2; exit 2")
    with pytest.raises(UsageError, match="no such option"):
        await child.ready_line(READY_S)


async def test_one_that_dies_in_silence_says_so(start: Starter) -> None:
    child = await start("kill -SEGV $$")
    with pytest.raises(HostError, match="it said nothing"):
        await child.ready_line(READY_S)
    assert "killed by SIGSEGV" in child.end_text()


async def test_one_that_is_never_ready_is_not_waited_for(start: Starter) -> None:
    child = await start("cat >/dev/null")
    with pytest.raises(HostError, match=r"not ready within 0\.1 s"):
        await child.ready_line(0.1)


async def test_the_cause_is_llama_cpps_first_error_not_its_last(start: Starter) -> None:
    child = await start(
        "echo '0.00.015.481 E llama_model_load: error loading model: missing tensor' >&2;"
        "echo '0.00.015.512 E srv    load_model: failed to load model' >&2;"
        "echo 'error: llama.cpp could not start' >&2; exit 3"
    )
    with pytest.raises(HostError, match="did not start: error loading model: missing tensor"):
        await child.ready_line(READY_S)


async def test_much_on_stderr_blocks_nobody(start: Starter) -> None:
    child = await start("head -c 3000000 /dev/zero | tr '\\0' 'x' >&2; echo >&2; echo ready")
    assert await child.ready_line(READY_S) == "ready\n"
    assert await child.has_ended_within(READY_S)
    assert len(child.last_words()) < 1000


async def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(HostError, match=r"cannot be started .*/none/llama-server"):
        await ChildProcess.start(["/none/llama-server"], name="the child", environment={})


async def test_it_has_a_session_of_its_own(start: Starter) -> None:
    # Ctrl-C goes to a terminal's foreground group; the child must not be in ours.
    child = await start("echo ready; cat >/dev/null")
    await child.ready_line(READY_S)
    assert os.getpgid(child.pid) == child.pid != os.getpgrp()
