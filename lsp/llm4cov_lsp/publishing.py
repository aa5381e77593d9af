"""What is sent without being asked: diagnostics of open documents and of measured files, the status."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import TYPE_CHECKING

from lsprotocol import types

from llm4cov_engine import Llm4CovError, check_rtl, check_testbench, in_thread, is_too_large, with_texts
from llm4cov_lsp.desks import PROJECT_FILE, Desk, Role
from llm4cov_lsp.features.holes import hole_diagnostics
from llm4cov_lsp.features.problems import live_diagnostics, simulator_diagnostics
from llm4cov_lsp.server import path_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llm4cov_engine import LiveProblem, Span
    from llm4cov_lsp.server import Server

_AT_ONCE = asyncio.Semaphore(1)
"""Checks need a core while they last: one at a time leaves the others to answers and rounds."""

_LONGEST_REST = 0.05

_PLACE = re.compile(r"^(?P<file>[^:\n]*llm4cov\.toml):(?P<line>\d+):")


async def check(server: Server, uri: str) -> None:
    """Look for problems in a document as it is now, and publish what was found."""
    document, path = server.document(uri), path_of(uri)
    if document is None or path is None or path.name == PROJECT_FILE:
        return
    desk = await server.desk_of(uri)
    options = server.options_at(path)
    text, version = document.source, document.version
    if desk is None or not options.live.enabled:
        server.live[uri] = []
    else:
        if is_too_large(desk.workbench.design, text):
            message = (
                f"{desk.workbench.design.id} is too large to be checked while you type; runs tell its errors."
            )
            server.tell_once(message, types.MessageType.Info)
        problems = await _in_turn(lambda: _problems(server, desk, path, text))
        lines = server.lines(text)
        locate = partial(_locate, server, desk)
        server.live[uri] = live_diagnostics(problems, lines, locate, warnings=options.live.warnings)
    newest = server.document(uri)
    # What was said of an older text is said of the next one soon.
    if newest is not None and newest.version == version:
        publish(server, uri)


async def _in_turn(work: Callable[[], tuple[LiveProblem, ...]]) -> tuple[LiveProblem, ...]:
    """Wait for a check in a thread, one at a time, and after each rest for a moment: others need the core."""
    loop = asyncio.get_running_loop()
    await _AT_ONCE.acquire()
    began = loop.time()
    try:
        return await in_thread(work)
    finally:
        loop.call_later(min(loop.time() - began, _LONGEST_REST), _AT_ONCE.release)


def _problems(server: Server, desk: Desk, path: Path, text: str) -> tuple[LiveProblem, ...]:
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
    for uri, document in tuple(server.workspace.text_documents.items()):
        path = path_of(uri)
        name = desk.name_of(path) if path is not None else None
        if name is not None:
            texts[name] = document.source
    return texts


def _locate(server: Server, desk: Desk, span: Span) -> types.Location | None:
    path = desk.path_of(span.file)
    name = span.file
    if path is not None and desk.name_of(path) is None:
        # The testbench under its plain name.
        found = next((each for each in server.workspace.text_documents if each.endswith(f"/{name}")), None)
        path = path_of(found) if found else None
    if path is None:
        return None
    uri = server.uri_of(path)
    document = server.document(uri)
    text = document.source if document is not None else desk.picture.texts.get(name, "")
    return types.Location(uri, server.lines(text).span(span))


def publish(server: Server, uri: str) -> None:
    """Send everything that is to be said of a file."""
    document, path = server.document(uri), path_of(uri)
    desk = server.known_desk(uri)
    if desk is None and path is not None:
        desk = next((each for each in server.desks.all if each.name_of(path) is not None), None)
    found = list(server.live.get(uri, ())) if document is not None else []
    if desk is not None and path is not None:
        found += _measured(server, desk, uri, path, found)
    if found or uri in server.published or document is not None:
        version = document.version if document is not None else None
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found, version))
        (server.published.add if found else server.published.discard)(uri)


def _measured(
    server: Server, desk: Desk, uri: str, path: Path, known: list[types.Diagnostic]
) -> list[types.Diagnostic]:
    """Coverage holes, and what the simulator said when it was run."""
    picture = desk.picture
    name = desk.name_of(path)
    document = server.document(uri)
    if name is not None:
        lines, drift = server.drift(desk, name, uri)
        found = hole_diagnostics(picture.holes.get(name, ()), lines, drift, server.options_at(path).holes)
        if not drift.is_stale:
            found += simulator_diagnostics(picture.problems, name, lines, known)
        return found
    bench = picture.testbench
    if document is not None and bench is not None and document.source == bench.text:
        return simulator_diagnostics(picture.problems, bench.name, server.lines(document.source), known)
    return []


async def look(server: Server, key: str) -> None:
    """Take new pictures of the designs of a project and show them."""
    for desk in server.desks.all:
        if str(desk.place.path) == key:
            await desk.look()
            show(server, desk)


def show(server: Server, desk: Desk) -> None:
    """Publish what is known of a design."""
    uris = {
        server.uri_of(path)
        for name in desk.picture.texts
        if (path := desk.path_of(name)) is not None
        and (desk.picture.holes.get(name) or path in _open(server))
    }
    uris |= {uri for uri in server.workspace.text_documents if server.known_desk(uri) is desk}
    uris |= {uri for uri in server.published if (path := path_of(uri)) and desk.name_of(path) is not None}
    for uri in sorted(uris):
        publish(server, uri)
    server.refresh()
    tell_status(server, desk)


def _open(server: Server) -> set[Path]:
    return {path for uri in server.workspace.text_documents if (path := path_of(uri)) is not None}


def tell_status(server: Server, desk: Desk) -> None:
    """How a design stands, for a status bar."""
    picture = desk.picture
    workbench = desk.workbench
    targets = [
        each.percent for each in workbench.design.targets if not each.instance and each.metric == "score"
    ]
    try:
        policy = workbench.project.policy_in_words
    except Llm4CovError:
        policy = workbench.settings.policy.name or ""
    server.protocol.notify(
        "llm4cov/status",
        {
            "design": workbench.design.id,
            "top": workbench.design.top,
            "policy": policy,
            "score": round(100 * picture.coverage.score, 2) if picture.coverage else None,
            "target": targets[0] if targets else None,
            "busy": desk.task is not None,
            "stage": desk.stage,
        },
    )


async def reload(server: Server, paths: list[Path]) -> None:
    """Files have changed on the disk: read again the designs they belong to."""
    server.hear_again()
    _clear_settings(server, paths)
    for desk in server.desks.all:
        folder = desk.folder
        if not any(path.is_relative_to(desk.root or folder) or path.is_relative_to(folder) for path in paths):
            continue
        if desk.task is not None:
            desk.needs_reload = True
            continue
        await reload_desk(server, desk)
    for uri in server.workspace.text_documents:
        server.checks.ask(uri)


async def reload_desk(server: Server, desk: Desk) -> None:
    """Read a design again; one that cannot be read any more stays as it was, which is told once."""
    try:
        await desk.reload()
    except Llm4CovError as error:
        server.tell_error(error)
        _mark_settings(server, error)
        return
    show(server, desk)


def _clear_settings(server: Server, paths: list[Path]) -> None:
    """Take back what was said of settings files that have changed; what is still wrong is said again."""
    for path in paths:
        if path.name == PROJECT_FILE and (uri := server.uri_of(path)) in server.published:
            server.published.discard(uri)
            server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))


def _mark_settings(server: Server, error: Llm4CovError) -> None:
    """An error that names a line of llm4cov.toml stands there."""
    from pathlib import Path

    found = _PLACE.match(error.what)
    if found is None:
        return
    uri = server.uri_of(Path(found["file"]))
    line = int(found["line"]) - 1
    reach = types.Range(types.Position(line, 0), types.Position(line, 1000))
    message = f"{error.what[found.end() :].strip()} {error.remedy}"
    diagnostic = types.Diagnostic(reach, message, types.DiagnosticSeverity.Error, source="llm4cov")
    server.published.add(uri)
    server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, [diagnostic]))
