import pytest

from yoyak.engines.http_errors import error_text, http_error, status_class


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"error": "model not found"}', "model not found"),
        (b'{"error": {"message": "too long", "code": 400}}', "too long"),
        (b'{"type": "about:blank", "title": "T", "detail": "engine down"}', "engine down"),
        (b'{"message": "no"}', "no"),
        (b"upstream\n  timed out", "upstream timed out"),
        (b'{"ok": true}', '{"ok": true}'),
        (b"[1]", "[1]"),
        (b"\xff", "\ufffd"),
        (b"", ""),
    ],
)
def test_what_the_body_of_an_error_says(body: bytes, text: str) -> None:
    assert error_text(body) == text


def test_a_long_body_is_shortened_to_one_line() -> None:
    text = error_text(b"<html>\n" * 1000)
    assert len(text) < 400
    assert "\n" not in text


@pytest.mark.parametrize(
    ("status", "error_class"),
    [(400, "http_4xx"), (429, "http_4xx"), (500, "http_5xx"), (599, "http_5xx"), (302, "protocol")],
)
def test_the_class_of_a_status(status: int, error_class: str) -> None:
    assert status_class(status) == error_class


def test_an_error_names_address_status_and_reason() -> None:
    error = http_error("http://e/chat", 503, b'{"error": "busy"}')
    assert str(error) == "http://e/chat answered 503 Service Unavailable: busy"
    assert (error.error_class, error.http_status) == ("http_5xx", 503)


def test_a_status_that_nobody_named_is_a_number() -> None:
    assert str(http_error("http://e", 599, b"")) == "http://e answered 599"
