"""Diagnostics for clients that ask for them instead of waiting until they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from llm4cov_lsp.answers import as_json
from llm4cov_lsp.options import pulls_by_choice
from llm4cov_lsp.publishing import said_of
from llm4cov_lsp.server import path_of

if TYPE_CHECKING:
    from llm4cov_lsp.server import Server

_TURNS = 3
"""Checks that an answer waits for at most: the one under way, and the one of the text it is about."""


def prefers_pull(params: types.InitializeParams) -> bool:
    """Whether a client is to ask: it can, and it either takes nothing unasked or has chosen so."""
    document = params.capabilities.text_document
    if document is None or document.diagnostic is None:
        return False
    return document.publish_diagnostics is None or pulls_by_choice(as_json(params.initialization_options))


def register(server: Server) -> None:
    """Offer them; from now on nothing is sent unasked."""
    server.is_pulled = True
    options = types.DiagnosticOptions(
        inter_file_dependencies=True, workspace_diagnostics=True, identifier="llm4cov"
    )

    @server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)
    async def on_document(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        uri = params.text_document.uri
        await _checked(server, uri)
        found, _ = said_of(server, uri)
        name = _name(found)
        if name == params.previous_result_id:
            return types.RelatedUnchangedDocumentDiagnosticReport(name)
        return types.RelatedFullDocumentDiagnosticReport(found, result_id=name)

    @server.feature(types.WORKSPACE_DIAGNOSTIC)
    async def on_workspace(params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        known = {each.uri: each.value for each in params.previous_result_ids}
        uris = {*known, *server.open_uris, *_measured(server)}
        return types.WorkspaceDiagnosticReport([_report(server, uri, known.get(uri)) for uri in sorted(uris)])


def _report(server: Server, uri: str, previous: str | None) -> types.WorkspaceDocumentDiagnosticReport:
    found, version = said_of(server, uri)
    name = _name(found)
    if name == previous:
        return types.WorkspaceUnchangedDocumentDiagnosticReport(uri, name, version)
    return types.WorkspaceFullDocumentDiagnosticReport(uri, found, version, result_id=name)


async def _checked(server: Server, uri: str) -> None:
    """Wait until a document has been looked at as it is when it is asked about, or as it was later."""
    document = server.document(uri)
    if document is None or path_of(uri) is None:
        return
    wanted = document.version or 0
    for _ in range(_TURNS):
        live = server.live.get(uri)
        if server.document(uri) is None or (live is not None and live.version >= wanted):
            return
        server.checks.ask(uri)
        await server.checks.served(uri)


def _measured(server: Server) -> set[str]:
    """Files that have holes."""
    return {
        server.uri_of(path)
        for desk in server.desks.all
        for name in desk.picture.holes
        if (path := desk.path_of(name)) is not None
    }


def _name(found: list[types.Diagnostic]) -> str:
    """The same for the same diagnostics, as long as the server lives."""
    return f"{hash(repr(found)) & (2**64 - 1):016x}"
