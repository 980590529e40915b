from encodings.aliases import aliases

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

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


@given(
    text=st.text("가나다라마바사아자차카타파하똠펲믜뷁 .,\n0123456789", min_size=30, max_size=400),
    codec=st.sampled_from(["utf-8", "cp949"]),
    header=st.sampled_from([None, "utf-8", "euc-kr", "cp949", "ks_c_5601-1987", "iso-8859-1", "x"]),
    meta=st.sampled_from(["", META, META.replace("euc-kr", "utf-8")]),
)
def test_korean_is_read_whatever_is_declared(
    text: str, codec: str, header: str | None, meta: str
) -> None:
    assume(any(c > "가" for c in text))
    page = KOREAN.format(meta=meta).replace("</body>", f"{text}</body>")
    decoded = decode_page(page.encode(codec), header)
    assert decoded is not None
    assert decoded.text == page


@pytest.mark.parametrize("name", sorted({*aliases.values(), "idna", "punycode", "undefined"}))
def test_no_codec_of_python_that_a_page_names_ends_anything(name: str) -> None:
    page = KOREAN.format(meta="").encode()
    decoded = decode_page(page, name)
    assert decoded is not None
    assert "온새미증권" in decoded.text


@given(st.binary(max_size=300), st.sampled_from([None, "idna", "hex", "utf-16", "utf-7", "hz"]))
def test_no_bytes_raise(body: bytes, declared: str | None) -> None:
    decoded = decode_page(body, declared)
    assert decoded is None or isinstance(decoded.text, str)


def test_an_unknown_charset_name_is_passed_over() -> None:
    decoded = decode_page("<html>가나다</html>".encode(), "x-no-such-charset")
    assert decoded is not None
    assert "가나다" in decoded.text
