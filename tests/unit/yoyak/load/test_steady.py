import pytest

from yoyak.load.steady import is_steady


@pytest.mark.parametrize(
    ("times_s", "expected"),
    [
        ([], False),
        ([1.0, 1.0], False),
        ([1.0, 1.0, 1.0], True),
        ([9.0, 1.0, 1.02, 0.98], True),  # only the last three count
        ([1.0, 1.0, 1.2], False),
        ([1.2, 1.1, 1.0], False),  # still getting faster
        ([0.0, 0.0, 0.0], False),
    ],
)
def test_steady_is_the_last_three_within_five_percent_of_their_mean(
    times_s: list[float], expected: bool
) -> None:
    assert is_steady(times_s) is expected
