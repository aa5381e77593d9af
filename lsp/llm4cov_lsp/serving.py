"""A conversation with one client, from its first word until it goes."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING

from pygls.io_ import StdinAsyncReader, StdoutWriter, run_async

from llm4cov_lsp import answers, commands, documents, workspace
from llm4cov_lsp.server import Server

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from pygls.io_ import AsyncReader, Writer

_LONGEST_LINE = 1 << 20
"""Bytes of a header line; a longer one is not from a client."""

_QUIET_SECONDS = 10.0

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def make_server() -> Server:
    """A server with everything it can do."""
    server = Server()
    answers.register(server)
    commands.register(server)
    documents.register(server)
    workspace.register(server)
    return server


def serve_stdio() -> int:
    """Talk on stdin and stdout; returns the exit status."""
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    # Whatever else is printed must not fall into the conversation.
    sys.stdout = sys.stderr

    async def main() -> int:
        loop = asyncio.get_running_loop()
        try:
            stream = asyncio.StreamReader(limit=_LONGEST_LINE)
            await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), stdin)
            reader: AsyncReader = _Patient(stream)
        except ValueError:  # a regular file or a device
            reader = StdinAsyncReader(stdin)
        return await _converse(make_server(), reader, StdoutWriter(stdout))

    return _ended(main())


def serve_tcp(host: str, port: int) -> int:
    """Wait for one client at an address and talk with it; returns the exit status."""

    async def main() -> int:
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            server.close()
            try:
                code = await _converse(make_server(), _Patient(reader), writer)
            except SystemExit as error:
                code = int(error.code or 0)
            finally:
                writer.close()
            if not done.done():
                done.set_result(code)

        server = await asyncio.start_server(talk, host, port, limit=_LONGEST_LINE)
        bound = server.sockets[0].getsockname()
        print(f"listening at {bound[0]}:{bound[1]}", file=sys.stderr, flush=True)
        return await done

    try:
        return _ended(main())
    except OSError as error:
        print(f"{host}:{port} cannot be listened at: {error.strerror}. Choose another.", file=sys.stderr)
        return 2


def _prefer_answers() -> None:
    """Let the loop have the interpreter soon when a round's own threads compute.

    Coverage is hundreds of thousands of small records without cycles: looking through all of them for garbage
    halts every thread for half a second. It is done when nobody asks for anything, see `_tidy`. Until then a
    hundred thousand new ones are looked at once, which takes some milliseconds.
    """
    sys.setswitchinterval(0.0005)
    gc.set_threshold(20_000, 5, 10_000)


async def _tidy(server: Server) -> None:
    """Collect garbage in a quiet moment after something has happened."""
    loop = asyncio.get_running_loop()
    tidied = loop.time()
    while True:
        await asyncio.sleep(_QUIET_SECONDS)
        heard = server.protocol.heard_at
        if tidied < heard < loop.time() - _QUIET_SECONDS and not any(desk.task for desk in server.desks.all):
            gc.collect()
            tidied = loop.time()


async def _converse(server: Server, reader: AsyncReader, writer: Writer | asyncio.StreamWriter) -> int:
    """Answer until the client says goodbye, goes away, or somebody stops the server."""
    _prefer_answers()
    server.protocol.set_writer(writer)
    server.tasks.start(_tidy(server), "tidy")
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        with suppress(ValueError, RuntimeError):  # not in the main thread
            loop.add_signal_handler(number, task.cancel)
    try:
        await run_async(Event(), reader, server.protocol, error_handler=server.report_server_error)
    except (asyncio.CancelledError, BrokenPipeError, ConnectionError):
        task.uncancel()
    finally:
        # However the client went, nothing it asked for goes on.
        await server.farewell()
    return 0 if server.protocol.is_shut_down else 1


def _ended(work: Coroutine[Any, Any, int]) -> int:
    try:
        return asyncio.run(work)
    except SystemExit as error:
        return int(error.code or 0)
    except (KeyboardInterrupt, BrokenPipeError):
        return 1


class _Patient:
    """A stream that no client can make raise: what is no line is a line to be ignored."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream

    async def readline(self) -> bytes:
        try:
            return await self._stream.readline()
        except ValueError:
            return b"?\n"
        except ConnectionError:
            return b""

    async def readexactly(self, n: int) -> bytes:
        try:
            return await self._stream.readexactly(n)
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
