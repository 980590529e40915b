"""A server whose every byte is scripted by the test: it answers each connection as told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
)
END = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def plain(status: str, body: bytes, *headers: str) -> bytes:
    """A whole response with a length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass
class Peer:
    """The server's end of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int  # in the order of the connections
    requests: list[bytes] = field(default_factory=list)

    async def request(self) -> bytes:
        """Return the next request's head and body; b"" once the client has gone."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return b""
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        request = head + await self.reader.readexactly(length)
        self.requests.append(request)
        return request

    async def send(self, *parts: bytes) -> None:
        """Send each part in a write of its own, and wait until the kernel has it."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    def reset(self) -> None:
        """Cut the connection so that the client sees a reset."""
        self.writer.transport.abort()

    async def gone(self) -> None:
        """Return when the client has closed its end."""
        try:
            while await self.reader.read(65536):
                pass
        except ConnectionResetError:
            return


@dataclass
class Server:
    """Where the server listens, and whom it met."""

    url: str
    peers: list[Peer] = field(default_factory=list)

    @property
    def requests(self) -> list[bytes]:
        """All requests, by connection."""
        return [request for peer in self.peers for request in peer.requests]


Script = Callable[[Peer], Awaitable[None]]


@asynccontextmanager
async def serving(script: Script) -> AsyncIterator[Server]:
    """Serve on a free port of the loopback; each connection runs `script` and is then closed."""
    tasks: set[asyncio.Task[None]] = set()
    server = Server("")

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer, number=len(server.peers))
        server.peers.append(peer)
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await script(peer)
        except asyncio.CancelledError:
            task.uncancel()  # the test is over; the streams' own callback would report it
        finally:
            tasks.discard(task)
            writer.close()

    listener = await asyncio.start_server(meet, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
