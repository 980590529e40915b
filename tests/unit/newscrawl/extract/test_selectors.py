import pytest
from lxml.html import document_fromstring

from newscrawl.extract.selectors import PlaceIndex

PAGE = PlaceIndex(
    document_fromstring(
        "<html><body><h2 id='title'>제목</h2><a class='logo top' href='/'><img alt='매체'>"
        "<img alt='둘째'></a><p class='Name_x__ab1'>하나</p><p class='Name_y__cd2'>둘</p>"
        "<p class='empty'> </p></body></html>"
    )
)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("#title", ["제목"]),
        (".logo@href", ["/"]),
        (".top img@alt", ["매체", "둘째"]),
        (".Name_*", ["하나", "둘"]),
        (".empty", []),
        (".missing", []),
    ],
)
def test_places_of_a_page(selector: str, expected: list[str]) -> None:
    assert PAGE.texts([selector]) == expected


def test_the_first_place_that_holds_something_counts() -> None:
    assert PAGE.text([".missing", ".empty", "#title", ".Name_*"]) == "제목"


def test_a_misspelt_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="no selector"):
        PAGE.elements("div > p")
