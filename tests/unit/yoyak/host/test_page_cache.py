import pytest

from yoyak.host.page_cache import DISK_MOST_RATIO, PAGE_CACHE_LEAST_RATIO, state_of_ratio

SLOWER_DISK = 40  # 125 MB/s against 5 GB/s


@pytest.mark.parametrize(
    ("ratio", "state"),
    [
        (None, None),
        (0.0, "disk"),
        (0.1, "disk"),
        (0.1001, None),
        (0.9974, None),
        (0.9975, "page_cache"),
        (1.0, "page_cache"),
    ],
)
def test_in_between_is_neither(ratio: float | None, state: str | None) -> None:
    assert state_of_ratio(ratio) == state


def test_a_states_name_is_wrong_by_a_tenth_of_the_load_time_at_most() -> None:
    def load_time(ratio: float) -> float:
        return ratio + (1 - ratio) * SLOWER_DISK

    assert load_time(PAGE_CACHE_LEAST_RATIO) <= 1.1 * load_time(1.0)
    assert load_time(DISK_MOST_RATIO) >= 0.9 * load_time(0.0)
