"""The protocol as pygls has it, with the gaps closed that a hostile client finds."""

from __future__ import annotations

import asyncio
import contextlib
from contextvars import ContextVar
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol

work_done_token: ContextVar[int | str | None] = ContextVar("work_done_token", default=None)
"""The token a client gave for the progress of the command that is being executed."""


class Protocol(LanguageServerProtocol):
    """Answers what cannot be understood, and lets commands see their progress token."""

    heard_at = 0.0
    """When the client last said something, in the loop's time."""

    _is_ending = False

    @property
    def is_shut_down(self) -> bool:
        """Whether the client has asked the server to shut down."""
        return self._shutdown

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Read a message; a request that cannot be read is answered with an error, not with silence."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            identity = data.get("id")
            if isinstance(identity, int | str) and "method" in data:
                self._send_response(identity, None, error.to_response_error())
            raise

    def handle_message(self, message: Any) -> None:
        """Take a message; what is no message at all is refused."""
        self.heard_at = asyncio.get_running_loop().time()
        if not hasattr(message, "jsonrpc"):
            raise JsonRpcInvalidParams("not a message of JSON-RPC")
        if self._shutdown and isinstance(identity := getattr(message, "id", None), int | str):
            if hasattr(message, "method"):
                code = types.ErrorCodes.InvalidRequest
                error = types.ResponseError(code.value, "the server is shutting down")
                self._send_response(identity, None, error)
            return
        super().handle_message(message)

    def _handle_request(self, msg_id: int | str, method_name: str, params: Any) -> None:
        if self._workspace is None and method_name not in (types.INITIALIZE, types.SHUTDOWN):
            code = types.ErrorCodes.ServerNotInitialized
            error = types.ResponseError(code.value, "the server has not been initialized")
            self._send_response(msg_id, None, error)
            return
        if method_name == types.INITIALIZE and self._workspace is not None:
            code = types.ErrorCodes.InvalidRequest
            error = types.ResponseError(code.value, "the server has been initialized already")
            self._send_response(msg_id, None, error)
            return
        self._is_ending = self._is_ending or method_name == types.SHUTDOWN
        work_done_token.set(getattr(params, "work_done_token", None))
        super()._handle_request(msg_id, method_name, params)

    def _execute_handler(self, msg_id: Any, handler: Any, *arguments: Any, **named: Any) -> None:
        """Execute a handler; what it came to is not kept, as pygls keeps that of every notification."""
        super()._execute_handler(msg_id, handler, *arguments, **named)
        future = self._request_futures.get(msg_id)
        if future is not None:
            future.add_done_callback(lambda _: self._request_futures.pop(msg_id, None))

    def _handle_notification(self, method_name: str, params: Any) -> None:
        if method_name == types.EXIT:
            # A client may say goodbye before it has heard that everything is at rest.
            self._shutdown = self._shutdown or self._is_ending
        elif self._workspace is None:
            return
        super()._handle_notification(method_name, params)

    def _handle_response(self, msg_id: Any, result: Any = None, error: Any = None) -> None:
        # An answer to a question that was given up meanwhile.
        with contextlib.suppress(Exception):
            super()._handle_response(msg_id, result, error)
