"""The server: connections, keys, models and the script."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import TYPE_CHECKING

from tests.model_server.behaviours import Behaviour, Body, Fail
from tests.model_server.framing import Answer, BadRequestError, Document, Request, read_request
from tests.model_server.refusals import Dialect, refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from types import TracebackType
    from typing import Self

COMPLETIONS = "/v1/chat/completions"
MODELS = "/v1/models"

OVER = Fail(status=418, message="The server's script is over.", kind="script_over")
"""The answer to a chat request beyond the script's end."""


@dataclass(slots=True)
class Received:
    """One request, and how it went.

    Attributes:
        behaviour: what the server did; None for what it answers by itself (models, a wrong key).
        status: of the error the server answered by itself; 200 for all else.
        over: set when nothing more is sent or read.
        hung_up: the client closed the connection before the answer was over.
    """

    request: Request
    behaviour: Behaviour | None = None
    status: int = 200
    over: asyncio.Event = field(default_factory=asyncio.Event)
    hung_up: bool = False

    @property
    def body(self) -> Document:
        """The JSON object it carried."""
        return self.request.json()

    @property
    def messages(self) -> list[tuple[str, str]]:
        """Role and content of the messages."""
        return [(str(message["role"]), str(message["content"])) for message in self.body.get("messages", [])]


class ModelServer:
    """Serves a script on a port of the loopback interface, as an asynchronous context manager.

    Args:
        script: one behaviour a chat request, in order; a request beyond its end is answered with 418.
        key: the only key that is let in; "" lets everyone in.
        models: the models it has; another one is not found.
        rejects: names of parameters (and "system", the role) that are refused, as servers do that are
            older, newer or stricter than the client.
        dialect: the words of such a refusal.
        watch: called with every request once it is over.
    """

    def __init__(
        self,
        script: Iterable[Behaviour] = (),
        *,
        key: str = "",
        models: Iterable[str] = ("fake-1",),
        rejects: Iterable[str] = (),
        dialect: Dialect = Dialect.OPENAI,
        watch: Callable[[Received], None] | None = None,
    ) -> None:
        self.received: list[Received] = []
        self.key = key
        self.models = tuple(models)
        self.rejects = frozenset(rejects)
        self.dialect = dialect
        self._script = chain.from_iterable(_repeated(behaviour) for behaviour in script)
        self._watch = watch
        self._server: asyncio.Server | None = None
        self._port = 0
        self._connections: set[asyncio.Task[None]] = set()
        self._arrived = asyncio.Condition()

    @property
    def base_url(self) -> str:
        """What a client is pointed at."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def chats(self) -> list[Received]:
        """The chat requests among what was received."""
        return [received for received in self.received if received.request.path == COMPLETIONS]

    @property
    def open_connections(self) -> int:
        """Connections that no side has closed."""
        return len(self._connections)

    async def chat(self, number: int) -> Received:
        """The chat request of that number, counted from 1, waited for."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.chats) >= number)
        return self.chats[number - 1]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._converse(reader, writer)
        except BadRequestError as error:
            writer.write(f"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n{error}\n".encode())
        except ConnectionError:
            pass
        except asyncio.CancelledError:  # asyncio's server complains about handlers that end cancelled
            pass
        finally:
            self._connections.discard(task)
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request after the other until a side closes."""
        while (request := await read_request(reader)) is not None:
            received = Received(request)
            answer = Answer(writer)
            work = self._answer(received, answer)
            async with self._arrived:
                self.received.append(received)
                self._arrived.notify_all()
            try:
                received.hung_up = await _hangs_up(reader, work)
            finally:
                received.over.set()
                if self._watch is not None:
                    self._watch(received)
            if received.hung_up or not answer.keeps_alive:
                return

    async def _answer(self, received: Received, answer: Answer) -> None:
        refused = self._refusal(received.request)
        if refused is not None:
            received.status = refused.status
            await refused.play(received.request, answer)
        elif received.request.path == MODELS:
            models = [
                {"id": name, "object": "model", "created": 0, "owned_by": "tests"} for name in self.models
            ]
            await answer.document({"object": "list", "data": models})
        else:
            received.behaviour = next(self._script, OVER)
            await received.behaviour.play(received.request, answer)

    def _refusal(self, request: Request) -> Fail | Body | None:
        """What a right-minded server says to a wrong request; None when there is nothing wrong."""
        if (request.method, request.path) not in (("POST", COMPLETIONS), ("GET", MODELS)):
            return Fail(status=404, message=f"Not Found: {request.method} {request.path}", kind="not_found")
        if self.key and request.bearer != self.key:
            # Some servers repeat the key they were given; nobody may show it to the user.
            message = f"Incorrect API key provided: {request.bearer}."
            return Fail(status=401, message=message, kind="invalid_request_error", code="invalid_api_key")
        if request.path == MODELS:
            return None
        body = request.json()
        if body.get("model") not in self.models:
            message = f"The model `{body.get('model')}` does not exist."
            return Fail(
                status=404,
                message=message,
                kind="invalid_request_error",
                code="model_not_found",
                parameter="model",
            )
        roles = {message.get("role") for message in body.get("messages", [])}
        for name in sorted(self.rejects & (body.keys() | roles)):
            return refusal(name, self.dialect)
        return None


def _repeated(behaviour: Behaviour) -> Iterable[Behaviour]:
    return repeat(behaviour) if behaviour.times == 0 else repeat(behaviour, behaviour.times)


async def _hangs_up(reader: asyncio.StreamReader, work: Awaitable[None]) -> bool:
    """Do the work while the client listens; whether the client went away before it was done."""
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(reader.read(1))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
        return not working.done()
    except ConnectionError:
        return True
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)
