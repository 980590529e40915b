from pathlib import Path

from newscrawl.letters import DELIVERED, REFUSED, FeedLog, Letter, Outcome


def letter(number: int) -> Letter:
    return Letter(
        key=f"//news.example/{number}",
        id=str(number),
        title="제목",
        text="본문",
        trace_id="0" * 32,
        span_id="0" * 16,
    )


def outcome(kind: str) -> Outcome:
    return Outcome(outcome=kind, seconds=0.1, attempts=1, status=200, answer={"summary": "요약"})


def test_a_line_that_a_full_disk_cut_costs_only_itself(tmp_path: Path) -> None:
    log = FeedLog(tmp_path)
    for number in (1, 2):
        log.add(letter(number), outcome(DELIVERED))
    log.path.write_bytes(log.path.read_bytes()[:-9])
    again = FeedLog(tmp_path)
    assert again.settled == {"//news.example/1"}
    again.add(letter(3), outcome(REFUSED))
    assert FeedLog(tmp_path).settled == {"//news.example/1", "//news.example/3"}
