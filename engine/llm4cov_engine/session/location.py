"""Where sessions are kept: with the project they belong to, so that they move and go with it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from llm4cov_engine.folders import data_folder

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ".llm4cov"
"""Name of the folder the tool keeps in a project."""

FILE = "sessions.db"

_PROJECT_MARKS = ("llm4cov.toml", ".git")


def store_path(folder: Path | None) -> Path:
    """The store for work in a folder; nothing is created.

    It lies in the nearest folder at or above that holds a llm4cov.toml or a .git, in the folder itself
    where there is none, and in the user's data folder where that cannot be written or `folder` is None.
    """
    if folder is not None:
        base = folder.resolve()
        project = next((up for up in (base, *base.parents) if _is_project(up)), base)
        path = project / FOLDER / FILE
        if _writable(path):
            return path
    return data_folder() / FILE


def hide_from_git(path: Path) -> None:
    """Keep a project's store out of its repository without touching the project's own ignore file."""
    if path.parent.name == FOLDER:
        ignore = path.parent / ".gitignore"
        with suppress(OSError):
            path.parent.mkdir(exist_ok=True)
            if not ignore.exists():
                ignore.write_text("*\n")


def _is_project(folder: Path) -> bool:
    try:
        return any((folder / mark).exists() for mark in _PROJECT_MARKS)
    except OSError:
        return False


def _writable(path: Path) -> bool:
    """Whether the file, or the first folder above it that exists, can be written by this process."""
    effective = os.access in os.supports_effective_ids
    first = next((up for up in (path, *path.parents) if os.path.lexists(up)), path)
    parent = path.parent if first == path else first
    folder = os.access(parent, os.W_OK | os.X_OK, effective_ids=effective)
    return folder and (first != path or os.access(path, os.W_OK, effective_ids=effective))
