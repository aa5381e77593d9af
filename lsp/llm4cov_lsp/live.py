"""Problems of texts while they are typed: looked for one text at a time, and followed while it moves on."""

from __future__ import annotations

import asyncio
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from lsprotocol import types

from llm4cov_engine import Design, check_rtl, check_testbench, in_thread, is_too_large, with_texts
from llm4cov_lsp.desks import PROJECT_FILE, Desk, Role
from llm4cov_lsp.features.problems import live_diagnostics
from llm4cov_lsp.positions import Lines, Shift
from llm4cov_lsp.publishing import publish
from llm4cov_lsp.server import path_of

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine import LiveProblem, Span
    from llm4cov_lsp.server import Server

_AT_ONCE = asyncio.Semaphore(1)
"""Checks need a core while they last: one at a time leaves the others to answers and rounds."""

_HARDWARE = (".sv", ".v", ".svh", ".vh")

_NO_DESIGN = Design("", (), "")
"""What a text is parsed beside that no design is known for."""

_OF_HEADERS = frozenset({"CouldNotOpenIncludeFile", "UnknownDirective"})
"""What is said of a text for want of the headers that a design would bring."""

_REST = 0.25
"""Of the time a check took: the pause after it, so that a client that never rests leaves room for others."""

_LONGEST_REST = 0.05


@dataclass(frozen=True, slots=True)
class Live:
    """What was found in a text.

    Attributes:
        lines: of the text that was looked at.
        diagnostics: with places in that text.
        version: of the document, as the client counts.
    """

    lines: Lines
    diagnostics: tuple[types.Diagnostic, ...] = ()
    version: int = 0

    def at(self, now: Lines) -> list[types.Diagnostic]:
        """The same in a text that has been edited since; without what stood at edited places."""
        if now.text == self.lines.text or not self.diagnostics:
            return list(self.diagnostics)
        shift = Shift(self.lines, now)
        moved = ((each, shift.range(each.range)) for each in self.diagnostics)
        return [_standing(each, reach) for each, reach in moved if reach is not None]


def _standing(diagnostic: types.Diagnostic, reach: types.Range) -> types.Diagnostic:
    moved = copy(diagnostic)
    moved.range = reach
    return moved


async def check(server: Server, uri: str) -> None:
    """Look for problems in a document as it is when its turn comes, and publish what was found."""
    path = path_of(uri)
    if path is None or path.name == PROJECT_FILE:
        return
    desk = await server.desk_of(uri)
    options = server.options_at(path)
    if not options.live.enabled or (desk is None and path.suffix not in _HARDWARE):
        if (document := server.document(uri)) is not None:
            server.live[uri] = Live(server.lines(document.source), version=document.version or 0)
            publish(server, uri)
        return
    async with _Turn():
        if (document := server.document(uri)) is None:
            return
        text, version = document.source, document.version or 0
        design = desk.workbench.design if desk is not None else _NO_DESIGN
        if is_too_large(design, text):
            name = design.id or path.name
            message = f"{name} is too large to be checked while you type; runs tell its errors."
            server.tell_once(message, types.MessageType.Info)
        problems = await in_thread(lambda: _problems(server, desk, path, text))
    if server.document(uri) is None:
        return
    lines = server.lines(text)
    locate = partial(_locate, server, desk) if desk is not None else _nowhere
    found = live_diagnostics(problems, lines, locate, warnings=options.live.warnings)
    before, server.live[uri] = server.live.get(uri), Live(lines, tuple(found), version)
    publish(server, uri)
    is_new = before is not None and before.lines.text != text
    if is_new and desk is not None and desk.name_of(path) is not None:
        _ask_others(server, desk, uri)


def _ask_others(server: Server, desk: Desk, uri: str) -> None:
    """RTL has changed in the editor: what else is open of its design may be wrong or right now."""
    for other in server.open_uris:
        if other != uri and server.known_desk(other) is desk:
            server.checks.ask(other)


class _Turn:
    """Of a check: they come one at a time, with a rest after each."""

    async def __aenter__(self) -> None:
        await _AT_ONCE.acquire()
        self._began = asyncio.get_running_loop().time()

    async def __aexit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        rest = min(_REST * (loop.time() - self._began), _LONGEST_REST)
        loop.call_later(rest, _AT_ONCE.release)


def _problems(server: Server, desk: Desk | None, path: Path, text: str) -> tuple[LiveProblem, ...]:
    if desk is None:
        found = server.checker.problems(partial(check_rtl, _NO_DESIGN, path.name, text))
        return tuple(each for each in found if each.code not in _OF_HEADERS)
    workbench = desk.workbench
    design = with_texts(workbench.design, _unsaved(server, desk))
    name = desk.name_of(path)
    if name is None and desk.role_of(path, text) is Role.TESTBENCH:
        allow = workbench.settings.simulator.allow
        return server.checker.problems(partial(check_testbench, design, path.name, text, allow))
    return server.checker.problems(partial(check_rtl, design, name or path.name, text))


def _unsaved(server: Server, desk: Desk) -> dict[str, str]:
    """Texts of the design's files as they stand in the editor."""
    texts = {}
    for uri in server.open_uris:
        document, path = server.document(uri), path_of(uri)
        name = desk.name_of(path) if path is not None else None
        if name is not None and document is not None:
            texts[name] = document.source
    return texts


def _nowhere(span: Span) -> None:
    """Where a span of a text without a design lies besides: it has no other files."""
    del span


def _locate(server: Server, desk: Desk, span: Span) -> types.Location | None:
    path = desk.path_of(span.file)
    name = span.file
    if path is not None and desk.name_of(path) is None:
        # The testbench under its plain name.
        opened = (path_of(each) for each in server.open_uris)
        path = next((each for each in opened if each is not None and each.name == name), None)
    if path is None:
        return None
    uri = server.uri_of(path)
    document = server.document(uri)
    text = document.source if document is not None else desk.picture.texts.get(name, "")
    return types.Location(uri, server.lines(text).span(span))
