import pytest

from newscrawl.extract.language import language_of

KOREAN = "온새미증권은 12일 IPO 결과를 밝혔다. ETF와 DC형이 늘었다."
ENGLISH = "The firm said on Tuesday that its profits had risen by a fifth in the last quarter."


@pytest.mark.parametrize(
    ("text", "stated", "expected"),
    [
        (KOREAN, None, "ko"),
        (KOREAN, "en", "ko"),  # a portal's English frame around a Korean text
        (ENGLISH, "ko", "en"),  # the English edition of a Korean publisher
        (ENGLISH, None, "en"),
        (ENGLISH, "en", "en"),
        ("", "ko", "ko"),
        ("123", None, None),
    ],
)
def test_the_text_decides_before_the_page(
    text: str, stated: str | None, expected: str | None
) -> None:
    assert language_of(text, stated=stated) == expected
