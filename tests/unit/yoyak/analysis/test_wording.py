"""Findings are told apart by code, kept in English, and said in Korean from their details."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from yoyak.analysis.compare import compare
from yoyak.analysis.findings import finding, said
from yoyak.analysis.findings.wording import WORDS
from yoyak.records import Finding, Perf
from yoyak.store.codec import from_json, to_json

MakePerf = Callable[..., Perf]
HANGUL = re.compile("[가-힣]")


def fields(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


@pytest.mark.parametrize("key", WORDS)
def test_both_languages_say_the_same_fields(key: str) -> None:
    words = WORDS[key]
    assert fields(words.message.english) == fields(words.message.korean)
    assert HANGUL.search(words.message.korean)
    assert not HANGUL.search(words.message.english)
    if words.mend is not None:
        assert fields(words.mend.english) == fields(words.mend.korean)
        assert HANGUL.search(words.mend.korean)


@pytest.mark.parametrize("key", WORDS)
def test_a_finding_keeps_what_it_takes_to_be_said_again(key: str) -> None:
    words = WORDS[key]
    mend = words.mend
    names = fields(words.message.english) | (fields(mend.english) if mend else set())
    found = finding(key, "info", **{name: f"<{name}>" for name in names})
    kept = from_json(Finding, to_json(found), where="perf.json")
    korean = said(kept, "ko")
    assert korean.code == found.code == key.split("/", maxsplit=1)[0]
    assert HANGUL.search(korean.message)
    for name in fields(words.message.korean):
        assert f"<{name}>" in korean.message
    assert said(kept, "en") == found


def test_perf_json_is_in_english(make_perf: MakePerf) -> None:
    for found in make_perf().findings:
        assert found.wording in WORDS
        assert not HANGUL.search(found.message + (found.mend or ""))


def test_a_finding_of_another_version_stays_as_it_is() -> None:
    old = Finding(code="drift", severity="warning", message="it drifted", mend=None)
    newer = replace(old, wording="drift/sideways", details={"sideways": "3"})
    changed = replace(old, wording="drift/within", details={"inside": "3"})
    assert [said(one, "ko") for one in (old, newer, changed)] == [old, newer, changed]


def test_a_comparison_in_korean_says_its_findings_in_korean(
    make_host: Callable[..., Perf],
) -> None:
    runs = [make_host("r5.4xlarge"), make_host("r5.8xlarge")]
    unlike = replace(runs[1], engine=replace(runs[1].engine, backend="cuda"))
    english = compare([runs[0], unlike]).findings
    korean = compare([runs[0], unlike], language="ko").findings
    assert [f.code for f in english] == [f.code for f in korean] == ["backend-differs"]
    assert "백엔드" in korean[0].message
    assert "r5.8xlarge" in korean[0].message
