"""Which records of a resumed run count: a block that was cut off was begun anew as a whole."""

from collections.abc import Sequence

from yoyak.records.manifest import Resume


def is_superseded(repetition: int, at_ns: int, resumes: Sequence[Resume]) -> bool:
    """Say whether what was recorded of a block at a moment was replaced by a later attempt.

    Args:
        repetition: the block.
        at_ns: a stamp of the record, on the run's clock.
        resumes: of the manifest.
    """
    return any(at_ns < resume.at_ns and repetition >= resume.repetition for resume in resumes)
