import pytest

from yoyak.engines.http_address import Address, header_lines, parse_address, request_head
from yoyak.errors import UsageError


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:11434", Address("http", "127.0.0.1", 11434)),
        ("http://engine", Address("http", "engine", 80)),
        ("https://engine/", Address("https", "engine", 443)),
        ("https://engine:8443/v1/", Address("https", "engine", 8443, "/v1")),
        ("http://[::1]:8080", Address("http", "::1", 8080)),
    ],
)
def test_the_parts_of_an_address(url: str, address: Address) -> None:
    assert parse_address(url) == address


def test_an_address_is_shown_without_what_goes_without_saying() -> None:
    assert parse_address("https://engine:443/").url == "https://engine"
    assert parse_address("http://[::1]:8080/v1").url == "http://[::1]:8080/v1"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "engine:11434",
        "ftp://engine",
        "http://",
        "http://engine:port",
        "http://engine:70000",
        "http://[::zz]:1",
        "http://engine/?key=1",
        "http://engine/#top",
        "http://엔진:11434",
        "http://engine/a b",
    ],
)
def test_what_is_no_address_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(UsageError, match="give one such as"):
        parse_address(url)


def test_credentials_in_an_address_are_refused_and_not_shown() -> None:
    with pytest.raises(UsageError) as caught:
        parse_address("http://user:secret@engine")
    assert "secret" not in str(caught.value)


def test_a_head_names_host_path_and_length() -> None:
    head = request_head(
        parse_address("http://engine:1/base"), "POST", "/chat", fields=b"A: b\r\n", content_length=2
    )
    assert head.startswith(b"POST /base/chat HTTP/1.1\r\nHost: engine:1\r\n")
    assert b"\r\nContent-Length: 2\r\n" in head
    assert head.endswith(b"\r\nA: b\r\n\r\n")


def test_a_get_has_no_length() -> None:
    head = request_head(parse_address("http://e"), "GET", "/", fields=b"", content_length=0)
    assert b"Content-Length" not in head


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "열쇠", "\x00"])
def test_a_value_that_would_break_its_line_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(UsageError, match="Authorization") as caught:
        header_lines({"Authorization": value})
    assert value not in str(caught.value)
