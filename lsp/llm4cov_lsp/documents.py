"""What the client tells of documents: opened, typed, saved and closed."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from lsprotocol import types

from llm4cov_lsp.publishing import publish, reload
from llm4cov_lsp.server import path_of

if TYPE_CHECKING:
    from llm4cov_lsp.server import Server


def register(server: Server) -> None:
    """Listen."""
    feature = server.feature
    clock = count(1)

    @feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def on_open(params: types.DidOpenTextDocumentParams) -> None:
        server.touched[params.text_document.uri] = next(clock)
        server.checks.ask(params.text_document.uri)

    @feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def on_change(params: types.DidChangeTextDocumentParams) -> None:
        server.touched[params.text_document.uri] = next(clock)
        server.checks.ask(params.text_document.uri)

    @feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def on_close(params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.checks.forget(uri)
        server.live.pop(uri, None)
        server.touched.pop(uri, None)
        # What was measured of it still holds.
        publish(server, uri)
        if (path := path_of(uri)) is not None:
            server.desks.forget(path)

    @feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def on_save(params: types.DidSaveTextDocumentParams) -> None:
        path = path_of(params.text_document.uri)
        if path is not None:
            await reload(server, [path])
