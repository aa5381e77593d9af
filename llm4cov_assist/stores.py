"""The session stores a command is about."""

from __future__ import annotations

import os
import shlex
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm4cov_engine import SessionStore

SessionsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="SESSION...", help="Ids, or the beginnings of them; every session when left out."),
]
ProjectOption = Annotated[
    Path, typer.Option("--project", metavar="DIR", help="The project whose sessions are meant.")
]
StoreOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--store", metavar="FILE", help="A sessions.db, or a folder of `synth`, instead of a project's store."
    ),
]


@contextmanager
def opened(project: Path, stores: list[Path] | None) -> Iterator[list[SessionStore]]:
    """The stores that are named, else the project's.

    Raises:
        StorageError, SessionError: one is not there, or no store.
    """
    from llm4cov_engine import SessionStore, StorageError

    with ExitStack() as stack:
        if not stores:
            yield [stack.enter_context(SessionStore.for_folder(project.resolve()))]
            return
        files = [path / "sessions.db" if path.is_dir() else path for path in stores]
        for path in files:
            if not path.is_file():
                raise StorageError(f"There is no session store {path}.", "Name a sessions.db, or its folder.")
        yield [stack.enter_context(SessionStore.open(path)) for path in files]


def option_for(store: SessionStore) -> str:
    """What a later command in this folder needs beside a session's id to find it, with a space before it."""
    from llm4cov_engine import SessionStore

    if store.path == SessionStore.for_folder(Path.cwd()).path:
        return ""
    project = store.path.parent.parent
    if store.path == SessionStore.for_folder(project).path:
        return f" --project {_word(project)}"
    return f" --store {_word(store.path)}"


def _word(path: Path) -> str:
    """For a shell: relative where the path is below this folder."""
    return shlex.quote(os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path))
