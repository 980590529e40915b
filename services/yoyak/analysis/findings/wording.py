"""Findings in words: made in English, which perf.json keeps, and said again in another language."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from yoyak.analysis.comparison import Language
from yoyak.analysis.findings.study_words import STUDY_WORDS
from yoyak.analysis.findings.words import RUN_WORDS, Words
from yoyak.records import Finding, Severity

WORDS: Mapping[str, Words] = {**RUN_WORDS, **STUDY_WORDS}


def finding(key: str, severity: Severity, **details: str | int) -> Finding:
    """Return a finding of the table, in English.

    Args:
        key: of WORDS; what stands before "/" is the code.
        severity: of this case.
        details: the fields of its message and mend, as a reader shall see them.
    """
    shown = {name: str(value) for name, value in details.items()}
    words = WORDS[key]
    return Finding(
        code=key.partition("/")[0],
        severity=severity,
        message=words.message.english.format(**shown),
        mend=None if words.mend is None else words.mend.english.format(**shown),
        wording=key,
        details=shown,
    )


def said(found: Finding, language: Language) -> Finding:
    """Return a finding with its message and mend in a language.

    One that this table cannot say (of an older or newer yoyak, or of a report's own) stays as it
    is.
    """
    words = WORDS.get(found.wording or "")
    if words is None or language == "en":
        return found
    try:
        message = words.message.korean.format(**found.details)
        mend = None if words.mend is None else words.mend.korean.format(**found.details)
    except KeyError:  # its details are of another version
        return found
    return replace(found, message=message, mend=mend)


def all_said(found: Sequence[Finding], language: Language) -> tuple[Finding, ...]:
    """Return every finding in a language."""
    return tuple(said(one, language) for one in found)
