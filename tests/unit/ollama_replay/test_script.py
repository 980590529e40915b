"""A script refuses what could not be played, in one line that says where and how to mend it."""

from collections.abc import Callable

import pytest

from ollama_replay.script import Fault, Model, Pull, Script, Timeline, full_name
from yoyak.errors import UsageError


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Timeline(gap_s=-0.1), "timeline: gap_s -0.1 is below 0"),
        (lambda: Timeline(gap_s=float("nan")), "timeline: gap_s nan is below 0 or not finite"),
        (lambda: Timeline(gaps_s=(0.1, -1.0)), "timeline: gaps_s -1.0 is below 0"),
        (lambda: Timeline(first_chunk_s=0.01), "more than first_chunk_s (0.01)"),
        (lambda: Timeline(gap_s=0.02, jitter_s=0.03), "jitter_s 0.03 is more than the shortest"),
        (lambda: Timeline(tokens_per_chunk=()), "tokens_per_chunk needs one number or more"),
        (lambda: Timeline(tokens_per_chunk=(1, 0)), "tokens_per_chunk needs one number or more"),
        (lambda: Timeline(answer_tokens=0), "answer_tokens 0 is no length"),
        (lambda: Model(name=" x"), "model ' x': that is no name"),
        (lambda: Model(gpu_share=1.5), "gpu_share 1.5 is no share"),
        (lambda: Model(load_s=-1.0), "model 'replay:latest': load_s -1.0 is below 0"),
        (lambda: Model(tokens_per_char=0.0), "tokens_per_char must be above 0"),
        (lambda: Pull(steps=0), "pull: steps 0 shows nothing"),
        (lambda: Script(parallel=0), "script: parallel 0 is too few"),
        (lambda: Script(version="latest"), "version 'latest' is no version"),
        (lambda: Script(models=(Model(), Model(name="replay"))), "'replay:latest' is there twice"),
        (
            lambda: Script(faults=(Fault(kind="reset", model="mistral"),)),
            "model 'mistral' is not in the script, which has replay:latest",
        ),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], object], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        make()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Fault(kind="explode"), "fault: kind 'explode' is unknown; take one of cut, "),
        (lambda: Fault(kind="reset", on="embed"), "fault 'reset': on 'embed' is unknown"),
        (lambda: Fault(kind="cut", on="tags"), 'needs a stream, and on = "tags" has none'),
        (lambda: Fault(kind="reset", status=500), "fault 'reset': takes no status; it takes after"),
        (lambda: Fault(kind="status"), "needs a status from 400 to 599"),
        (lambda: Fault(kind="status", status=200), "needs a status from 400 to 599"),
        (lambda: Fault(kind="stall"), "needs for_s above 0"),
        (lambda: Fault(kind="cut", framing="rough"), "framing 'rough' is unknown"),
        (lambda: Fault(kind="garbage", place="tail"), "place 'tail' is unknown"),
        (lambda: Fault(kind="restart", scope="world"), "scope 'world' is unknown"),
        (lambda: Fault(kind="reset", every=0), "every 0 selects nothing"),
        (lambda: Fault(kind="reset", after_chunks=-1), "after_chunks -1 is below 0"),
    ],
)
def test_a_fault_that_could_never_happen_is_refused(make: Callable[[], object], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        make()
    assert said in str(caught.value)


def test_a_name_without_a_tag_gets_latest_and_a_port_is_no_tag() -> None:
    assert full_name("mistral") == "mistral:latest"
    assert full_name("mistral:7b") == "mistral:7b"
    assert full_name("host:5000/library/mistral") == "host:5000/library/mistral:latest"


def test_a_fault_selects_by_index_by_every_nth_and_by_model() -> None:
    def hit(fault: Fault) -> list[int]:
        return [index for index in range(10) if fault.selects(index, "a:latest")]

    assert hit(Fault(kind="reset")) == list(range(10))
    assert hit(Fault(kind="reset", requests=(3, 7))) == [3, 7]
    assert hit(Fault(kind="reset", every=4)) == [3, 7]
    assert hit(Fault(kind="reset", every=1)) == list(range(10))
    assert hit(Fault(kind="reset", requests=(0, 3), every=4)) == [3]
    assert hit(Fault(kind="reset", model="a", requests=(1,))) == [1]
    assert hit(Fault(kind="reset", model="b")) == []


def test_the_first_fault_that_selects_a_request_is_its_fault() -> None:
    script = Script(
        faults=(
            Fault(kind="status", status=503, on="tags"),
            Fault(kind="reset", requests=(1,)),
            Fault(kind="no_done"),
        )
    )
    kinds = [fault.kind if fault else None for fault in map(faults_of(script), range(3))]
    assert kinds == ["no_done", "reset", "no_done"]
    assert script.fault_for("load", 0, "replay:latest") is None


def faults_of(script: Script) -> Callable[[int], Fault | None]:
    return lambda index: script.fault_for("answer", index, "replay:latest")


@pytest.mark.parametrize(
    ("version", "is_told", "is_counted"),
    [
        ("0.29.0", False, True),
        ("0.30.0", False, False),
        ("0.30.1", False, True),
        ("0.33.0-rc2", False, True),
        ("0.33.3", True, True),
        ("1.0", True, True),
    ],
)
def test_what_is_said_of_cached_tokens_depends_on_the_version(
    version: str, is_told: bool, is_counted: bool
) -> None:
    script = Script(version=version)
    assert script.says_cached_tokens is is_told
    assert script.counts_cached_tokens is is_counted
    assert Script(version=version, reports_cached_tokens=True).says_cached_tokens is True
