"""A longer way to a host's sshd: python relay.py PORT SECONDS keeps everything for that long."""

import asyncio
import sys

_PORTION = 64 << 10
_PORTIONS = 256
"""That many may be on their way in each direction, as behind a wide window."""


async def serve(port: int, delay: float, *, to: int = 22) -> asyncio.Server:
    """Listen at `port`; what comes goes to the port `to` of this host, and back."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", to)
        try:
            await asyncio.gather(
                _carry(reader, far_writer, delay), _carry(far_reader, writer, delay)
            )
        finally:
            writer.close()
            far_writer.close()

    return await asyncio.start_server(pass_on, "0.0.0.0", port)


async def _main(port: int, delay: float) -> None:
    server = await serve(port, delay)
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    await server.serve_forever()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Pass on what comes, each portion `delay` seconds after it came, and then the end."""
    loop = asyncio.get_running_loop()
    way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_PORTIONS)

    async def leave() -> None:
        while True:
            due, data = await way.get()
            await asyncio.sleep(due - loop.time())
            if not data:
                # Only this way has ended: the other may have more.
                writer.write_eof()
                return
            writer.write(data)
            await writer.drain()

    async def enter() -> None:
        data = b"-"
        while data:
            data = await reader.read(_PORTION)
            await way.put((loop.time() + delay, data))

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(leave())
            group.create_task(enter())
    except* OSError:
        writer.close()  # one end is gone, and so is the other


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), float(sys.argv[2])))
