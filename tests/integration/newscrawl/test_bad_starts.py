"""What the crawler says when it cannot begin, or finds nothing: one line and the exit code."""

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from newsroom.server import RunningNewsroom

Crawl = Callable[..., "subprocess.CompletedProcess[str]"]


def one_line(stderr: str) -> str:
    (line,) = stderr.splitlines()
    assert line.startswith("error: ")
    return line


def test_a_host_that_refuses_connections_is_an_environment_error(crawl: Crawl) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening
        port = taken.getsockname()[1]
        done = crawl("site", f"http://127.0.0.1:{port}/")
    assert done.returncode == 3
    assert f"127.0.0.1:{port}" in one_line(done.stderr)
    assert "connection" in done.stderr


def test_an_unknown_host_is_an_environment_error(crawl: Crawl) -> None:
    done = crawl("site", "http://newsroom.invalid/")
    assert done.returncode == 3
    assert "newsroom.invalid" in one_line(done.stderr)


def test_a_disk_without_room_is_an_environment_error(tmp_path: Path) -> None:
    out = tmp_path / "dataset"
    code = (  # a limit of the process stands for the disk's: writing fails in the same place
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0));"
        "from newscrawl.command import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "site", "http://127.0.0.1:9/", "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "--out DIR" in one_line(done.stderr)


@pytest.mark.parametrize("address", ["news.example", "ftp://news.example/", "http://", "http://[x"])
def test_what_is_no_address_is_a_usage_error(crawl: Crawl, address: str) -> None:
    done = crawl("site", address)
    assert done.returncode == 2
    assert address in one_line(done.stderr)


def test_no_address_at_all_is_a_usage_error(crawl: Crawl) -> None:
    done = crawl("site")
    assert done.returncode == 2
    assert "--urls" in one_line(done.stderr)


def test_a_page_without_articles_is_a_failure_and_leaves_no_dataset(
    newsroom: RunningNewsroom, crawl: Crawl, tmp_path: Path
) -> None:
    done = crawl("site", f"{newsroom.url}search?query=없는회사이름")
    assert done.returncode == 1
    assert "no article found" in one_line(done.stderr)
    assert not (tmp_path / "dataset" / "articles.jsonl").exists()


def test_a_missing_page_is_a_failure(newsroom: RunningNewsroom, crawl: Crawl) -> None:
    done = crawl("site", f"{newsroom.url}nowhere")
    assert done.returncode == 1
    assert "http_error" in one_line(done.stderr)


def test_a_folder_that_is_a_file_is_an_environment_error(
    newsroom: RunningNewsroom, crawl: Crawl, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    done = crawl("site", newsroom.url, out=tmp_path / "file")
    assert done.returncode == 3
    assert "--out DIR" in one_line(done.stderr)
