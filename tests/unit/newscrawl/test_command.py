from pathlib import Path

import pytest
from click.testing import CliRunner

from newscrawl.command import (
    host_name,
    http_address,
    program,
    read_addresses,
    setting,
    socket_address,
)
from yoyak.errors import UsageError


@pytest.mark.parametrize("text", ["https://news.example/economy", "http://127.0.0.1:8090/"])
def test_an_address_is_taken(text: str) -> None:
    assert http_address(text) == text


@pytest.mark.parametrize("text", ["news.example", "ftp://a.example/", "https://", "http://[", ""])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no web address"):
        http_address(text)


def test_a_list_of_addresses(tmp_path: Path) -> None:
    file = tmp_path / "list"
    file.write_text("\ufeff# from the archive\nhttps://a.example/1\n\n  https://a.example/2 \n")
    assert read_addresses(file) == ("https://a.example/1", "https://a.example/2")


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"not an address\n", b"\xff\xfe\x00"])
def test_a_list_that_is_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "list"
    file.write_bytes(content)
    with pytest.raises(UsageError):
        read_addresses(file)


def test_a_missing_list(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_addresses(tmp_path / "none")


@pytest.mark.parametrize("text", ["https://n.news.naver.com/", "news.example/a", "a b", ""])
def test_what_is_no_host_would_permit_nothing_and_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no host"):
        host_name(text)
    assert host_name("N.News.Naver.com") == "n.news.naver.com"


def test_settings_of_scrapy() -> None:
    assert setting("DOWNLOAD_DELAY=2") == ("DOWNLOAD_DELAY", "2")
    with pytest.raises(UsageError, match="NAME=VALUE"):
        setting("DOWNLOAD_DELAY")


def test_scrapys_own_way_to_go_on_is_refused_beside_ours() -> None:
    with pytest.raises(UsageError, match="goes on by itself"):
        setting("JOBDIR=jobs/1")


@pytest.mark.parametrize("text", ["9410", ":9410", "host:port", "127.0.0.1:70000"])
def test_what_is_no_place_to_serve_on(text: str) -> None:
    with pytest.raises(UsageError):
        socket_address(text)


@pytest.mark.parametrize("verb", ["site", "naver"])
def test_help_shows_one_real_example_and_every_default(verb: str) -> None:
    text = CliRunner().invoke(program, [verb, "--help"]).output
    assert f"Example: yoyak crawl {verb}" in text
    assert "--allow-host" in text
    assert "[default: 1.0" in text
