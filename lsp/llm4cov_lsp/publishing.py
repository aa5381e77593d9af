"""What is sent without being asked: diagnostics of open documents and of measured files, the status."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types

from llm4cov_engine import Llm4CovError
from llm4cov_lsp.desks import PROJECT_FILE, Desk
from llm4cov_lsp.features.holes import hole_diagnostics
from llm4cov_lsp.features.problems import simulator_diagnostics
from llm4cov_lsp.server import path_of

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_lsp.server import Server

_PLACE = re.compile(r"^(?P<file>[^:\n]*llm4cov\.toml):(?P<line>\d+):")


def publish(server: Server, uri: str) -> None:
    """Send everything that is to be said of a file, unless the client asks for it itself."""
    if server.is_pulled:
        return
    found, version = said_of(server, uri)
    if found or uri in server.published or server.document(uri) is not None:
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found, version))
        (server.published.add if found else server.published.discard)(uri)


def said_of(server: Server, uri: str) -> tuple[list[types.Diagnostic], int | None]:
    """Everything that is to be said of a file, and the version that was looked at.

    Without a version, places were moved into a text that nobody has looked at yet.
    """
    document, path = server.document(uri), path_of(uri)
    desk = server.known_desk(uri)
    if desk is None and path is not None:
        desk = next((each for each in server.desks.all if each.name_of(path) is not None), None)
    found, is_new = server.live_now(uri)
    if desk is not None and path is not None:
        found += _measured(server, desk, uri, path, found)
    return found, document.version if document is not None and is_new else None


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
    uris |= {uri for uri in server.open_uris if server.known_desk(uri) is desk}
    uris |= {uri for uri in server.published if (path := path_of(uri)) and desk.name_of(path) is not None}
    for uri in sorted(uris):
        publish(server, uri)
    server.refresh()
    tell_status(server, desk)


def _open(server: Server) -> set[Path]:
    return {path for uri in server.open_uris if (path := path_of(uri)) is not None}


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
            "uri": server.uri_of(desk.place.path),
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
    for uri in server.open_uris:
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
