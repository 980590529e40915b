"""Extraction in a process of its own: pages in on stdin, articles out on stdout, until stdin ends.

The process ends with its parent, since the pipe ends then.
"""

import json
import os
import signal
import sys
import time
from dataclasses import fields
from typing import BinaryIO

from newscrawl.extract.article import extract_article
from newscrawl.extract.decoding import decode_page
from newscrawl.extract.extracted import Extracted
from newscrawl.extract.frames import LENGTH


def answer(page: bytes, url: str, charset: str | None) -> dict[str, object]:
    """Return the extracted article as a dict, or {"skipped": reason}."""
    if not page.strip():
        return {"skipped": "empty_body"}
    decoded = decode_page(page, charset)
    if decoded is None:
        return {"skipped": "undecodable"}
    return _plain(extract_article(decoded.text, url))


def _plain(found: Extracted) -> dict[str, object]:
    # dataclasses.asdict would copy each value in depth
    return {field.name: getattr(found, field.name) for field in fields(found)}


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until the stream ends."""
    while head := _frame(requests):
        request = json.loads(head)
        page = requests.read(request["bytes"])
        if len(page) < request["bytes"]:
            return
        began_s = time.perf_counter()
        found = answer(page, request["url"], request["charset"])
        data = json.dumps({**found, "seconds": time.perf_counter() - began_s}).encode()
        answers.write(LENGTH.pack(len(data)) + data)
        answers.flush()


def _frame(stream: BinaryIO) -> bytes:
    length = stream.read(LENGTH.size)
    if len(length) < LENGTH.size:
        return b""
    return stream.read(LENGTH.unpack(length)[0])


def main() -> None:
    """Serve on this process's own stdin and stdout; Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    sys.stdout = sys.stderr  # whatever a library prints must not break a frame
    serve(requests, answers)


if __name__ == "__main__":
    main()
