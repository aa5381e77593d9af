"""What a command is about: a design, and the testbench that goes with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llm4cov_engine import DesignError, Llm4CovError, NoDesignError, in_thread, read_text, rtl_files
from llm4cov_lsp.desks import Desk, Role
from llm4cov_lsp.features.edits import Target
from llm4cov_lsp.server import path_of

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_lsp.server import Server

_MOST_FILES = 2000
"""Files of a repository that are looked through for a testbench."""


@dataclass(frozen=True)
class Subject:
    """The argument of a command, checked.

    Attributes:
        uri: of a document, a file or a folder; "" for none.
        top: the module it is about; "" for the design's own.
    """

    uri: str = ""
    top: str = ""
    round: int | None = None
    rounds: int | None = None
    holes: tuple[Any, ...] = ()
    reason: str = ""
    instruction: str = ""
    format: str = ""
    folder: str = ""


def read_subject(arguments: tuple[Any, ...]) -> Subject:
    """The argument as a client sent it; what has the wrong type counts as not given."""
    given = plain(arguments[0]) if arguments else {}
    if isinstance(given, str):
        given = {"uri": given}
    if not isinstance(given, dict):
        given = {}
    table: dict[str, Any] = given

    def text(name: str) -> str:
        value = table.get(name)
        return value if isinstance(value, str) else ""

    def number(name: str) -> int | None:
        value = table.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None

    holes = table.get("holes")
    return Subject(
        uri=text("uri"),
        top=text("top"),
        round=number("round"),
        rounds=number("rounds") or None,
        holes=tuple(holes) if isinstance(holes, list) else (),
        reason=text("reason"),
        instruction=text("instruction"),
        format=text("format"),
        folder=text("folder"),
    )


def plain(value: Any) -> Any:
    """A value of the protocol as JSON has it."""
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return [plain(each) for each in value]
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value


async def desk_of(server: Server, subject: Subject) -> Desk:
    """The design a command is about.

    Raises:
        Llm4CovError: there is none, or it cannot be opened.
    """
    path = path_of(subject.uri)
    document = server.document(subject.uri)
    if path is None:
        folders = [found for uri in server.folder_uris if (found := path_of(uri)) is not None]
        if server.desks.all:
            return server.desks.all[0]
        if not folders:
            raise NoDesignError("No design is open.", "Open a folder or a file of one.")
        path = folders[0]
    if subject.top:
        desk = await server.desks.of_module(path, subject.top)
        server.desks.choose(desk)
        return desk
    if document is not None:
        own = await server.desks.of_document(path, document.source)
        if own is not None:
            return own
    known = [desk for desk in server.desks.all if desk.place.path == path or desk.name_of(path) is not None]
    return known[0] if known else await server.desks.of_folder(path)


async def testbench_of(server: Server, desk: Desk, subject: Subject) -> Target | None:
    """The testbench file of a design: the document itself, one that is open, else one on the disk."""
    uris = sorted(server.open_uris, key=lambda uri: -server.touched.get(uri, 0))
    for uri in ([subject.uri] if subject.uri in uris else []) + uris:
        document, path = server.document(uri), path_of(uri)
        if (
            document is not None
            and path is not None
            and desk.role_of(path, document.source) is Role.TESTBENCH
        ):
            return Target(uri, document.source, document.version)
    path = path_of(subject.uri)
    found = await in_thread(lambda: _on_disk(desk, path))
    return Target(server.uri_of(found[0]), found[1]) if found is not None else None


def _on_disk(desk: Desk, named: Path | None) -> tuple[Path, str] | None:
    """A testbench in the folder of a design: the one named, else the first by name."""
    folder = desk.folder
    try:
        names = rtl_files(folder)[:_MOST_FILES]
    except Llm4CovError:
        return None
    paths = [folder / name for name in names]
    if named is not None and named.is_file():
        paths.insert(0, named)
    for path in paths:
        try:
            text = read_text(path)
        except (Llm4CovError, DesignError):
            continue
        if desk.role_of(path, text) is Role.TESTBENCH:
            return path, text
    return None


def new_testbench(server: Server, desk: Desk) -> Target:
    """A file that is not there yet, for a design that has no testbench: in its tb folder when it has one."""
    folder = desk.folder
    folder = next((folder / name for name in ("tb", "test", "sim") if (folder / name).is_dir()), folder)
    top = desk.workbench.design.top
    number = 1
    while True:
        path = folder / (f"{top}_tb.sv" if number == 1 else f"{top}_tb_{number}.sv")
        if not path.exists() and server.document(server.uri_of(path)) is None:
            return Target(server.uri_of(path), None)
        number += 1


def target_now(server: Server, target: Target) -> Target:
    """The same document as it is at this moment."""
    document, path = server.document(target.uri), path_of(target.uri)
    if document is not None:
        return Target(target.uri, document.source, document.version)
    if path is None or not path.is_file():
        return Target(target.uri, None)
    try:
        return Target(target.uri, read_text(path))
    except Llm4CovError:
        return Target(target.uri, None)
