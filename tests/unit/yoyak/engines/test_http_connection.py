import asyncio

from yoyak.engines.http_connection import GATHERED_LEAST, GATHERED_MOST, Connection

PIECE = b"9f\r\n" + b"x" * 159 + b"\r\n"
END = b"0\r\n\r\n"


async def gathering(turn: int) -> tuple[Connection, "asyncio.Task[list[tuple[int, bytes]]]"]:
    """Return a connection whose reads gather, and a reader that waits for them."""
    connection = Connection(lambda _: None)
    connection.is_open = True
    connection.gather(turn)
    reader = asyncio.create_task(connection.receive())
    await asyncio.sleep(0)
    return connection, reader


async def is_done(reader: "asyncio.Task[list[tuple[int, bytes]]]") -> bool:
    for _ in range(3):
        await asyncio.sleep(0)
    return reader.done()


async def test_a_reader_is_woken_for_many_reads_together_each_with_its_stamp() -> None:
    connection, reader = await gathering(0)
    for stamp in range(GATHERED_LEAST - 1):
        connection.arrived(stamp, PIECE)
    assert not await is_done(reader)
    connection.arrived(GATHERED_LEAST - 1, PIECE)
    assert await reader == [(stamp, PIECE) for stamp in range(GATHERED_LEAST)]


async def test_readers_take_turns() -> None:
    firsts = set()
    for turn in range(GATHERED_MOST - GATHERED_LEAST + 1):
        connection, reader = await gathering(turn)
        count = 0
        while not await is_done(reader):
            connection.arrived(count, PIECE)
            count += 1
        firsts.add(count)
    assert firsts == set(range(GATHERED_LEAST, GATHERED_MOST + 1))


async def test_the_message_s_end_wakes_at_once() -> None:
    connection, reader = await gathering(0)
    connection.arrived(1, PIECE)
    connection.arrived(2, PIECE + END)
    assert len(await reader) == 2


async def test_an_end_that_is_cut_anywhere_wakes_at_once() -> None:
    for cut in range(1, len(END)):
        connection, reader = await gathering(0)
        connection.arrived(1, PIECE + END[:cut])
        connection.arrived(2, END[cut:])
        assert len(await reader) == 2


async def test_an_end_with_a_trailer_wakes_at_once() -> None:
    connection, reader = await gathering(0)
    connection.arrived(1, b"0\r\nDigest: none\r\n\r\n")
    assert len(await reader) == 1


async def test_a_stream_that_has_gone_quiet_wakes_its_reader() -> None:
    connection, reader = await gathering(0)
    connection.arrived(1_000_000_000, PIECE)
    connection.wake_if_quiet(1_100_000_000)
    assert not await is_done(reader)
    connection.wake_if_quiet(1_200_000_000)
    assert await reader == [(1_000_000_000, PIECE)]


async def test_what_has_gathered_is_read_before_the_end_of_the_connection() -> None:
    connection, reader = await gathering(0)
    connection.arrived(1, PIECE)
    connection.eof_received()
    assert await reader == [(1, PIECE)]
    assert await connection.receive() == []
