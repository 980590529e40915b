import pytest

from newscrawl.middlewares import LONGEST_BACKOFF_S, backoff_s


def test_the_wait_doubles_with_each_retry() -> None:
    assert [backoff_s(n, None, first_s=1.0) for n in range(4)] == [1, 2, 4, 8]


def test_the_wait_is_bounded() -> None:
    assert backoff_s(30, None, first_s=1.0) == LONGEST_BACKOFF_S


@pytest.mark.parametrize(
    ("header", "expected"),
    [(b"7", 7.0), (b"86400", LONGEST_BACKOFF_S), (b"Wed, 21 Oct 2026 07:28:00 GMT", 1.0)],
)
def test_a_server_may_say_how_long(header: bytes, expected: float) -> None:
    assert backoff_s(0, header, first_s=1.0) == expected
