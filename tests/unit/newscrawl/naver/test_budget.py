from datetime import UTC, datetime
from pathlib import Path

import pytest

from newscrawl.naver.budget import DailyBudget
from yoyak.errors import HostError, MeasuredFailure

NOON = datetime(2026, 11, 12, 3, 0, tzinfo=UTC)  # noon in Korea
LATE = datetime(2026, 11, 12, 14, 59, tzinfo=UTC)  # a minute before midnight there
NEXT = datetime(2026, 11, 12, 15, 1, tzinfo=UTC)  # a minute after


def budget(path: Path, now: datetime, *, client: str = "me", limit: int = 3) -> DailyBudget:
    return DailyBudget(path / "calls.json", client, limit=limit, now=lambda: now)


def test_calls_are_counted_down(tmp_path: Path) -> None:
    calls = budget(tmp_path, NOON)
    assert [calls.spend() for _ in range(3)] == [2, 1, 0]


def test_the_count_survives_a_restart_and_ends_at_the_limit(tmp_path: Path) -> None:
    for _ in range(3):
        budget(tmp_path, NOON).spend()
    with pytest.raises(MeasuredFailure, match="midnight in Korea"):
        budget(tmp_path, LATE).spend()


def test_a_day_ends_at_midnight_in_korea(tmp_path: Path) -> None:
    for _ in range(3):
        budget(tmp_path, LATE).spend()
    assert budget(tmp_path, NEXT).spend() == 2


def test_each_client_has_its_own(tmp_path: Path) -> None:
    for _ in range(3):
        budget(tmp_path, NOON).spend()
    assert budget(tmp_path, NOON, client="other").spend() == 2


def test_the_file_does_not_hold_the_client_id(tmp_path: Path) -> None:
    budget(tmp_path, NOON, client="my-client-id").spend()
    assert "my-client-id" not in (tmp_path / "calls.json").read_text()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "calls.json").write_text("{broken")
    with pytest.raises(HostError, match="--budget-file"):
        budget(tmp_path, NOON).spend()
