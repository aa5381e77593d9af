"""HTTP/1.1 and server-sent events, as much as a model server needs."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

Document = dict[str, Any]
"""A JSON object."""

JSON_TYPE = "application/json"
EVENT_STREAM_TYPE = "text/event-stream"


class BadRequestError(Exception):
    """The client sent something that is no HTTP request."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def bearer(self) -> str:
        """The key it was sent with; "" for none."""
        scheme, _, key = self.headers.get("authorization", "").partition(" ")
        return key.strip() if scheme.lower() == "bearer" else ""

    def json(self) -> Document:
        """The body as a JSON object; {} when it is none."""
        try:
            document = json.loads(self.body)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request of a connection; None when the client closed it.

    Raises:
        BadRequestError: it is no HTTP/1.1 request with a plain body.
    """
    try:
        head = await reader.readexactly(1)
        if not head.isalpha():
            raise BadRequestError("not HTTP; perhaps TLS")
        head += await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except asyncio.LimitOverrunError as error:
        raise BadRequestError("headers too long") from error
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, _, rest = first.partition(" ")
    path, _, version = rest.partition(" ")
    if not version.startswith("HTTP/1."):
        raise BadRequestError(f"not HTTP/1.1: {first!r}")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if "transfer-encoding" in headers:
        raise BadRequestError("chunked requests are not spoken here")
    try:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return Request(method, path.partition("?")[0], headers, body)


class Answer:
    """The answer to one request, written piece by piece.

    Attributes:
        keeps_alive: the connection is good for another request.
        grain: bytes a stream's events are cut into, wherever the cut falls; 0 leaves them whole.
        pause: seconds before each of these.
    """

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.keeps_alive = True
        self.grain = 0
        self.pause = 0.0

    async def whole(
        self,
        status: int,
        body: bytes,
        content_type: str = JSON_TYPE,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Write an answer of known length."""
        fields = {"content-type": content_type, "content-length": str(len(body)), **(headers or {})}
        self._head(status, fields)
        self._writer.write(body)
        await self._writer.drain()

    async def document(
        self, document: Document, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        """Write a JSON answer."""
        await self.whole(status, json.dumps(document).encode(), headers=headers)

    async def begin_stream(self, content_type: str = EVENT_STREAM_TYPE) -> None:
        """Write the head of a chunked answer."""
        self._head(200, {"content-type": content_type, "transfer-encoding": "chunked"})
        await self._writer.drain()

    async def piece(self, data: bytes) -> None:
        """Write some of a stream."""
        step = self.grain or len(data)
        for start in range(0, len(data), step):
            part = data[start : start + step]
            await asyncio.sleep(self.pause)
            self._writer.write(b"%x\r\n%s\r\n" % (len(part), part))
            await self._writer.drain()

    async def event(self, data: Document | str) -> None:
        """Write one server-sent event."""
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        await self.piece(b"data: " + text.encode() + b"\n\n")

    async def end_stream(self) -> None:
        """Write the last chunk."""
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    def reset(self) -> None:
        """Drop the connection so that the client sees a reset, not an end."""
        self.keeps_alive = False
        raw = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def close(self) -> None:
        """End the connection in good order, whatever is still to be said."""
        self.keeps_alive = False
        self._writer.close()

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        try:
            phrase = HTTPStatus(status).phrase
        except ValueError:
            phrase = "Unknown"
        lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
        self._writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
