"""Where the files of a design are looked up by name: below a folder, or in a dataset row."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from llm4cov_engine.design.design import SourceFile
from llm4cov_engine.design.texts import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SKIPPED_FOLDERS = {
    "__pycache__",
    "build",
    "CVS",
    "node_modules",
    "obj_dir",
    "site-packages",
    "venv",
    "xcelium.d",
}
"""Folders that hold what tools made; hidden folders are skipped too."""

MOST_FILES = 100_000
"""Files looked at below a folder before giving up: nobody's RTL, but perhaps somebody's home."""


class OutsideRootError(Exception):
    """A file is needed that lies outside the root; loading starts again with a wider one.

    Attributes:
        folder: has to be part of the root.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.folder = folder


class Shelf(Protocol):
    """Files by name; see `SourceFile.name` for what a name is."""

    @property
    def root(self) -> Path | None:
        """The folder names are relative to; None when they are on no disk."""
        ...

    def names(self) -> Iterable[str]:
        """Names of all files there are, sorted."""
        ...

    def read(self, name: str) -> SourceFile | None:
        """The file of a name, which may hold ".."; None when there is none.

        Raises:
            StorageError: it is there and cannot be read.
            DesignError: it is too large or no text.
        """
        ...


class RowShelf:
    """The files of a dataset row."""

    def __init__(self, files: Iterable[SourceFile]) -> None:
        self._files = {file.name: file for file in files}

    @property
    def root(self) -> None:
        """A row is on no disk."""
        return None

    def names(self) -> list[str]:
        """Names of all files there are, sorted."""
        return sorted(self._files)

    def read(self, name: str) -> SourceFile | None:
        """The file of a name; None when there is none."""
        return self._files.get(posixpath.normpath(name))


class FolderShelf:
    """The files below a folder, each read at most once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._read: dict[str, SourceFile | None] = {}
        self._names: list[str] | None = None
        self._complete = True

    @property
    def root(self) -> Path:
        """The folder."""
        return self._root

    @property
    def is_complete(self) -> bool:
        """Whether `names` holds all files; it stops at `MOST_FILES`."""
        self.names()
        return self._complete

    def names(self) -> list[str]:
        """Names of all files, sorted, without those in hidden folders and in folders of tools."""
        if self._names is None:
            self._names = sorted(self._walk())
        return self._names

    def _walk(self) -> Iterator[str]:
        count = 0
        for folder, folders, files in os.walk(self._root):
            folders[:] = [name for name in folders if name not in _SKIPPED_FOLDERS and name[0] != "."]
            for name in files:
                count += 1
                if count > MOST_FILES:
                    self._complete = False
                    return
                yield (Path(folder) / name).relative_to(self._root).as_posix()

    def read(self, name: str) -> SourceFile | None:
        """The file of a name; None when there is none.

        Raises:
            OutsideRootError: there is one, but outside of the root.
            StorageError: it is there and cannot be read.
            DesignError: it is too large or no text.
        """
        plain = posixpath.normpath(name)
        if plain not in self._read:
            path = Path(os.path.normpath(self._root / plain))
            if not path.is_file():
                self._read[plain] = None
            elif plain.startswith(("../", "/")):
                raise OutsideRootError(path.parent)
            else:
                self._read[plain] = SourceFile(plain, read_text(path))
        return self._read[plain]
