"""The truth log takes at once, writes when asked, and can be read while it grows."""

from pathlib import Path

from ollama_replay.truth import Event, TruthLog, read_truth


def test_records_wait_until_there_is_time(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    log = TruthLog(path)
    log.add(Event("start", 5, seed=1))
    log.add(Event("stop", 6))
    assert path.read_bytes() == b""
    assert log.write_some()
    assert log.write_some()
    assert not log.write_some()  # flushed
    assert read_truth(path) == [
        {"kind": "server", "event": "start", "at_ns": 5, "seed": 1},
        {"kind": "server", "event": "stop", "at_ns": 6},
    ]
    log.close()


def test_closing_writes_what_waits(tmp_path: Path) -> None:
    log = TruthLog(tmp_path / "truth.jsonl")
    log.add(Event("stop", 6, text="요약"))
    log.close()
    assert read_truth(tmp_path / "truth.jsonl")[0]["text"] == "요약"


def test_half_a_line_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    path.write_bytes(b'{"a":1}\n{"b":')
    assert read_truth(path) == [{"a": 1}]
    path.write_bytes(b"")
    assert read_truth(path) == []


def test_without_a_path_nothing_is_kept() -> None:
    log = TruthLog(None)
    log.add(Event("start", 5))
    assert not log.write_some()
    log.close()
