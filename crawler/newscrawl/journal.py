"""The crawl's memory on disk: each finished page as one line, written at once."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO

from newscrawl.items import ArticleItem
from yoyak.errors import HostError

JOURNAL = "journal.jsonl"


class Journal:
    """An append-only file of finished pages; a line that a crash cut is dropped on opening."""

    def __init__(self, path: Path) -> None:
        """Open the journal for appending, and mend a cut last line.

        Raises:
            HostError: the file cannot be written.
        """
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            drop_cut_line(path)
            self._file: BinaryIO = path.open("ab", buffering=0)
        except OSError as error:
            raise HostError(
                f"{path.parent} cannot be written ({error.strerror}); name another: --out DIR"
            ) from error

    def article(self, item: ArticleItem) -> None:
        """Write an article.

        Raises:
            HostError: the disk is full or gone.
        """
        self._line({"kind": "article", "keys": item.keys, **_plain(item)})

    def skipped(self, key: str, url: str, reason: str, *, keys: Sequence[str] = ()) -> None:
        """Write a page that became no article; `keys` are those of an article that is taken back.

        Raises:
            HostError: the disk is full or gone.
        """
        entry = {"kind": "skipped", "key": key, "url": url, "reason": reason}
        self._line({**entry, "keys": keys} if keys else entry)

    def close(self) -> None:
        """Flush to the disk and close; a second time does nothing."""
        if not self._file.closed:
            os.fsync(self._file.fileno())
            self._file.close()

    def _line(self, entry: dict[str, Any]) -> None:
        data = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        try:
            written = self._file.write(data)
        except OSError as error:
            raise HostError(_cannot_write(self.path, error.strerror)) from error
        if written != len(data):
            raise HostError(_cannot_write(self.path, "no space left on device"))


def lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield offset and fields of each line in the order they were written.

    A last line that a crash cut is passed over.
    """
    if not path.exists():
        return
    offset = 0
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield offset, json.loads(line)
            offset += len(line)


def _plain(item: ArticleItem) -> dict[str, Any]:
    # dataclasses.asdict would copy each value in depth, at six times the cost
    return {field.name: getattr(item, field.name) for field in fields(item)}


def _cannot_write(path: Path, why: str | None) -> str:
    return (
        f"{path} cannot be written ({why}); free some space and run the same command again: "
        "the articles so far are kept"
    )


def drop_cut_line(path: Path) -> None:
    """Remove what stands behind the last line break: a line that a crash or a full disk cut."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        size = end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - 65_536)
            file.seek(start)
            at = file.read(end - start).rfind(b"\n")
            if at >= 0:
                end = start + at + 1
                break
            end = start
        if end != size:
            file.truncate(end)
