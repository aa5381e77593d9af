"""What the server answers about documents, each from its feature's module."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.workspace import TextDocument

from llm4cov_engine import Llm4CovError, in_thread
from llm4cov_lsp.applying import edit_of_round
from llm4cov_lsp.desks import Desk, Role
from llm4cov_lsp.features import actions, coverage, hints, hover, lenses, symbols
from llm4cov_lsp.features.holes import hole_diagnostics
from llm4cov_lsp.options import HoleOptions
from llm4cov_lsp.positions import Lines
from llm4cov_lsp.publishing import said_of
from llm4cov_lsp.server import path_of
from llm4cov_lsp.subjects import desk_of, plain, read_subject

if TYPE_CHECKING:
    from llm4cov_lsp.server import Server


@dataclass(frozen=True)
class _View:
    """An open document, and its design when it has one."""

    document: TextDocument
    path: Path
    desk: Desk | None
    lines: Lines

    @property
    def text(self) -> str:
        return self.document.source


async def _view(server: Server, uri: str) -> _View | None:
    document, path = server.document(uri), path_of(uri)
    if document is None or path is None:
        return None
    desk = server.known_desk(uri) or await server.desk_of(uri)
    newest = server.document(uri)
    return _View(newest, path, desk, server.lines(newest.source)) if newest is not None else None


def register(server: Server) -> None:
    """Offer the answers."""
    feature = server.feature

    @feature(types.TEXT_DOCUMENT_HOVER)
    async def on_hover(params: types.HoverParams) -> types.Hover | None:
        view = await _view(server, params.text_document.uri)
        name = view.desk.name_of(view.path) if view is not None and view.desk is not None else None
        if view is None or view.desk is None or name is None:
            return None
        lines, drift = server.drift(view.desk, name, params.text_document.uri)
        return hover.hover(view.desk.picture, name, params.position.line + 1, lines, drift)

    @feature(types.TEXT_DOCUMENT_INLAY_HINT)
    async def on_hints(params: types.InlayHintParams) -> list[types.InlayHint]:
        view = await _view(server, params.text_document.uri)
        name = view.desk.name_of(view.path) if view is not None and view.desk is not None else None
        if view is None or view.desk is None or name is None:
            return []
        show = server.options_at(view.path).inlay_hints.show
        if show == "off":
            return []
        lines, drift = server.drift(view.desk, name, params.text_document.uri)
        marks = view.desk.picture.marks.get(name, {})
        return hints.inlay_hints(marks, lines, drift, params.range, missed_only=show == "missed")

    @feature(types.TEXT_DOCUMENT_CODE_LENS)
    async def on_lenses(params: types.CodeLensParams) -> list[types.CodeLens]:
        return await _lenses(server, params.text_document.uri)

    @feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(
            [types.CodeActionKind.QuickFix, types.CodeActionKind.Refactor], resolve_provider=True
        ),
    )
    async def on_actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        return await _actions(server, params)

    @feature(types.CODE_ACTION_RESOLVE)
    async def on_chosen(params: types.CodeAction) -> types.CodeAction:
        params.edit = await edit_of_round(server, read_subject((as_json(params.data),)))
        return params

    @feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def on_symbols(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        view = await _view(server, params.text_document.uri)
        if view is None:
            return []
        picture = view.desk.picture if view.desk is not None else None
        return symbols.document_symbols(server.declared(view.text), view.lines, picture)

    @feature(types.WORKSPACE_SYMBOL)
    async def on_rounds(params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
        return [each for desk in server.desks.all for each in _round_symbols(server, desk, params.query)]

    _register_own(server)


def _register_own(server: Server) -> None:
    @server.feature("llm4cov/coverage")
    async def on_coverage(params: Any) -> dict[str, Any]:
        try:
            desk = await desk_of(server, read_subject((as_json(params),)))
        except Llm4CovError:
            return {"files": []}
        return {"files": _files(server, desk)}

    @server.feature("llm4cov/rounds")
    async def on_session(params: Any) -> dict[str, Any]:
        try:
            desk = await desk_of(server, read_subject((as_json(params),)))
        except Llm4CovError:
            return {"session": "", "rounds": []}
        session = desk.workbench.session
        return coverage.rounds(desk.picture, session.id if session is not None else "")

    @server.feature("llm4cov/testbench")
    async def on_testbench(params: Any) -> dict[str, Any]:
        subject = read_subject((as_json(params),))
        try:
            desk = await desk_of(server, subject)
            number = subject.round or 0
            if not 0 < number < len(desk.picture.nodes):
                return {"name": "", "text": ""}
            state = await in_thread(lambda: desk.workbench.state_of(desk.picture.nodes[number]))
        except Llm4CovError:
            return {"name": "", "text": ""}
        testbench = state.testbench
        return {"name": testbench.name, "text": testbench.text} if testbench else {"name": "", "text": ""}


def as_json(params: Any) -> Any:
    """Parameters of a request the protocol does not know, as JSON."""
    return plain(params) if not hasattr(params, "__dict__") else plain(vars(params))


async def _lenses(server: Server, uri: str) -> list[types.CodeLens]:
    view = await _view(server, uri)
    if view is None or not server.options_at(view.path).code_lens.enabled:
        return []
    desk = view.desk
    declared = server.declared(view.text)
    if desk is None:
        return []
    running = desk.task is not None
    role = desk.role_of(view.path, view.text)
    if role is Role.TESTBENCH:
        return lenses.testbench_lenses(declared, view.lines, uri, desk.picture, view.text, running=running)
    if role is Role.OTHER:
        return []
    name = desk.name_of(view.path) or ""
    _, drift = server.drift(desk, name, uri)
    return lenses.rtl_lenses(declared, view.lines, uri, desk.picture, stale=drift.is_stale, running=running)


async def _actions(server: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    uri = params.text_document.uri
    view = await _view(server, uri)
    if view is None or view.desk is None:
        return []
    first, last = params.range.start.line, params.range.end.line
    name = view.desk.name_of(view.path)
    if name is not None:
        lines, drift = server.drift(view.desk, name, uri)
        # Not those of the request: not every client sends back the data that came with them.
        diagnostics = hole_diagnostics(view.desk.picture.holes.get(name, ()), lines, drift, HoleOptions())
        here = [each for each in diagnostics if first <= each.range.start.line <= last]
        found = actions.hole_actions(here, uri)
        return found + actions.module_actions(server.declared(view.text), first + 1, last + 1, uri)
    if view.desk.role_of(view.path, view.text) is not Role.TESTBENCH:
        return []
    said, _ = said_of(server, uri)
    here = [each for each in said if first <= each.range.start.line <= last]
    rounds = actions.round_actions(
        view.desk.picture,
        uri,
        view.text,
        resolved_later=server.resolves_edits,
        running=view.desk.task is not None,
    )
    return actions.error_actions(here, uri) + rounds


def _round_symbols(server: Server, desk: Desk, query: str) -> list[types.WorkspaceSymbol]:
    name = next(iter(desk.picture.texts), None)
    path = desk.path_of(name) if name is not None else None
    return symbols.round_symbols(desk.picture, server.uri_of(path), query) if path is not None else []


def _files(server: Server, desk: Desk) -> list[dict[str, Any]]:
    found = []
    for name, marks in desk.picture.marks.items():
        path = desk.path_of(name)
        if path is not None:
            uri = server.uri_of(path)
            lines, drift = server.drift(desk, name, uri)
            found.append(coverage.file_coverage(uri, dict(marks), lines, drift))
    return found
