import pytest

from newscrawl.extract.decoding import decode_page

KOREAN = (
    "<html><head>{meta}</head><body>똠방각하와 펲시콜라, 온새미증권은 12일 밝혔다.</body></html>"
)
META = '<meta http-equiv="Content-Type" content="text/html; charset=euc-kr">'


def test_the_header_counts_first() -> None:
    page = KOREAN.format(meta="").encode("cp949")
    decoded = decode_page(page, "euc-kr")
    assert decoded is not None
    assert "똠방각하와 펲시콜라" in decoded.text  # syllables that strict EUC-KR lacks


def test_a_header_that_lies_is_found_out_by_the_bytes() -> None:
    decoded = decode_page(KOREAN.format(meta=META).encode("cp949"), "utf-8")
    assert decoded is not None
    assert (decoded.codec, "온새미증권" in decoded.text) == ("cp949", True)


def test_a_meta_element_that_lies_is_found_out_too() -> None:
    decoded = decode_page(KOREAN.format(meta=META).encode(), None)
    assert decoded is not None
    assert "온새미증권" in decoded.text


def test_without_any_declaration_the_bytes_decide() -> None:
    for codec in ("utf-8", "cp949"):
        decoded = decode_page(KOREAN.format(meta="").encode(codec), None)
        assert decoded is not None
        assert "온새미증권" in decoded.text


def test_a_servers_latin_1_by_default_does_not_hide_korean() -> None:
    decoded = decode_page(KOREAN.format(meta=META).encode("cp949"), "iso-8859-1")
    assert decoded is not None
    assert "온새미증권" in decoded.text


def test_a_western_page_stays_western() -> None:
    page = "<html><body>Café crème à la façade, déjà vu.</body></html>".encode("latin-1")
    decoded = decode_page(page, "iso-8859-1")
    assert decoded is not None
    assert "Café crème" in decoded.text


def test_a_cut_character_in_a_corner_does_not_lose_the_page() -> None:
    page = KOREAN.format(meta="").encode() + b"<div>\xec\x98</div>"
    decoded = decode_page(page + "더 많은 글자가 있다. ".encode() * 20, "utf-8")
    assert decoded is not None
    assert "온새미증권" in decoded.text


def test_noise_is_no_text() -> None:
    assert decode_page(b"<html>" + bytes(range(128, 256)) * 20 + b"\x81\xff", "utf-8") is None


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_believed(codec: str) -> None:
    decoded = decode_page(KOREAN.format(meta="").encode(codec), "euc-kr")
    assert decoded is not None
    assert decoded.text.startswith("<html>")


def test_an_unknown_charset_name_is_passed_over() -> None:
    decoded = decode_page("<html>가나다</html>".encode(), "x-no-such-charset")
    assert decoded is not None
    assert "가나다" in decoded.text
