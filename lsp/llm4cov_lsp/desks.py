"""The designs an editor has open: which one a document belongs to, loaded when it is first asked for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm4cov_engine import (
    AmbiguousTopError,
    DesignOptions,
    Llm4CovError,
    Workbench,
    in_thread,
)
from llm4cov_lsp.picture import Picture, picture_of
from llm4cov_lsp.words import is_testbench_for, subjects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from llm4cov_engine import State
    from llm4cov_lsp.options import EditorOptions

PROJECT_FILE = "llm4cov.toml"
_RTL = (".sv", ".v")
_MOST_TRIED = 4
"""Modules that a document beside the design's files is tried to be about."""

_MOST_DESKS = 16
"""Designs held open; those used longest ago are closed."""


Flags = dict[str, dict[str, Any]]
"""Settings that the editor gives: section to key to value, None for not given."""


class Role(Enum):
    """What a document is to a design."""

    RTL = "rtl"
    TESTBENCH = "testbench"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Place:
    """What names a design: a folder or a single file, and its top where that is not plain from the files."""

    path: Path
    top: str = ""


class Desk:
    """One design in the editor.

    Attributes:
        picture: what is shown of it; of earlier RTL until the changed one has been run.
        task: the rounds that are under way.
        stage: what they are at, in a few words; "" at rest.
    """

    def __init__(self, place: Place, workbench: Workbench, picture: Picture, flags: Flags) -> None:
        self.place = place
        self.flags = flags
        self.workbench = workbench
        self.picture = picture
        self.task: asyncio.Task[object] | None = None
        self.stage = ""
        self.shown: State | None = None
        self.needs_reload = False
        self.used = 0

    @property
    def root(self) -> Path | None:
        """The folder that names of files are relative to."""
        return self.workbench.design.root

    @property
    def folder(self) -> Path:
        """Where new files go."""
        return self.place.path if self.place.path.is_dir() else self.place.path.parent

    def name_of(self, path: Path) -> str | None:
        """The name of one of the design's own files; None for any other."""
        if self.root is None or not path.is_relative_to(self.root):
            return None
        name = path.relative_to(self.root).as_posix()
        design = self.workbench.design
        is_own = any(each.name == name for each in (*design.sources, *design.headers))
        return name if is_own or name in self.picture.texts else None

    def path_of(self, name: str) -> Path | None:
        """Where a file of the design lies."""
        return self.root / name if self.root is not None else None

    def role_of(self, path: Path, text: str) -> Role:
        """What a document is to this design."""
        if self.name_of(path) is not None:
            return Role.RTL
        is_testbench = path.suffix in _RTL and is_testbench_for(self.workbench.design.top, text)
        return Role.TESTBENCH if is_testbench else Role.OTHER

    async def look(self) -> None:
        """Take a new picture; RTL that has not been run since it changed keeps the old one."""
        shown, old = self.shown, self.picture
        new = await in_thread(lambda: picture_of(self.workbench, shown, old))
        if new.coverage is None and new.status is None and old.coverage is not None:
            new = replace(old, design=new.design, nodes=new.nodes, current=new.current)
        self.picture = new

    async def reload(self) -> bool:
        """Read design and settings again; True when the RTL is another."""
        self.needs_reload = False
        changed = await in_thread(self.workbench.reload)
        await self.look()
        return changed


class Desks:
    """The designs that are open.

    Args:
        folders: the workspace's, when asked for.
        options: the editor's settings for a folder.
    """

    def __init__(
        self, folders: Callable[[], Iterable[Path]], options: Callable[[Path], EditorOptions]
    ) -> None:
        self._folders = folders
        self._options = options
        self._desks: dict[Place, Desk] = {}
        self._failures: dict[Place, Llm4CovError] = {}
        self._locks: dict[Place, asyncio.Lock] = {}
        self._places: dict[Path, Place] = {}
        self._chosen: dict[Path, str] = {}
        self._clock = 0

    @property
    def all(self) -> tuple[Desk, ...]:
        """Every open design, the one used last first."""
        return tuple(sorted(self._desks.values(), key=lambda desk: -desk.used))

    def project_of(self, path: Path) -> Path:
        """The project a file lies in: the nearest folder with settings, else the workspace folder."""
        roots = [root for root in self._folders() if path == root or path.is_relative_to(root)]
        root = max(roots, key=lambda each: len(each.parts), default=None)
        for folder in (path, *path.parents):
            if (folder / PROJECT_FILE).is_file():
                return folder
            if root is not None and folder == root:
                break
        return root if root is not None else path

    def known(self, path: Path) -> Desk | None:
        """The open design of a document, as far as it is known already."""
        place = self._places.get(path)
        return self._desks.get(place) if place is not None else None

    async def of_document(self, path: Path, text: str) -> Desk | None:
        """The design a document belongs to, opened when it is not; None for none.

        Raises:
            Llm4CovError: the project cannot be opened.
        """
        desk = self.known(path)
        if desk is not None and desk.role_of(path, text) is not Role.OTHER:
            return self._touch(desk)
        desk = await self._find(path, text)
        if desk is not None:
            self._places[path] = desk.place
        return desk

    async def of_module(self, path: Path, top: str) -> Desk:
        """The design with a module as its top, from now on the chosen one of its project.

        Raises:
            Llm4CovError: it cannot be opened.
        """
        project = await in_thread(lambda: self.project_of(path))
        default = self._desks.get(Place(project, self._top(project)))
        if default is not None and default.workbench.design.top == top:
            desk = default
        else:
            desk = await self.open(Place(project, top))
        self._places[path] = desk.place
        return desk

    async def of_folder(self, path: Path) -> Desk:
        """The design of a folder, or of the first workspace folder that has one.

        Raises:
            Llm4CovError: it cannot be opened.
        """
        project = await in_thread(lambda: self.project_of(path))
        return await self.open(Place(project, self._top(project)))

    def choose(self, desk: Desk) -> None:
        """Let a design be the one of its project, where the files alone do not tell which one is."""
        if isinstance(self._failures.get(Place(desk.place.path)), AmbiguousTopError):
            self._chosen[desk.place.path] = desk.place.top

    async def open(self, place: Place) -> Desk:
        """Open a design, or give the open one.

        Raises:
            Llm4CovError: it cannot be opened; the same again until something changes on the disk.
        """
        async with self._locks.setdefault(place, asyncio.Lock()):
            if (desk := self._desks.get(place)) is not None:
                return self._touch(desk)
            if (failure := self._failures.get(place)) is not None:
                raise failure
            flags = self._options(place.path).flags
            options = DesignOptions(top=place.top)

            def work() -> tuple[Workbench, Picture]:
                workbench = Workbench.open(place.path, options, flags)
                return workbench, picture_of(workbench)

            try:
                workbench, picture = await in_thread(work)
            except Llm4CovError as error:
                self._failures[place] = error
                raise
            desk = self._desks[place] = Desk(place, workbench, picture, flags)
            self._touch(desk)
        await self._close_oldest()
        return desk

    def forget_failures(self) -> None:
        """Try again what could not be opened."""
        self._failures.clear()

    def forget(self, path: Path) -> None:
        """Find a document's design anew when it is asked for."""
        self._places.pop(path, None)

    async def close(self, desk: Desk) -> None:
        """Close a design at rest."""
        self._desks.pop(desk.place, None)
        self._places = {path: place for path, place in self._places.items() if place != desk.place}
        await in_thread(desk.workbench.close_files)

    async def _find(self, path: Path, text: str) -> Desk | None:
        project = await in_thread(lambda: self.project_of(path))
        if project == path and path.suffix not in _RTL:
            return None
        try:
            desk = await self.open(Place(project, self._top(project)))
        except AmbiguousTopError as error:
            return await self._by_content(project, path, text, error)
        if desk.role_of(path, text) is not Role.OTHER:
            return desk
        for top in subjects(text)[:_MOST_TRIED]:
            found = await self._try(Place(project, top))
            if found is not None and found.role_of(path, text) is not Role.OTHER:
                return found
        return desk

    async def _by_content(
        self, project: Path, path: Path, text: str, error: AmbiguousTopError
    ) -> Desk | None:
        """Where several modules could be the top, the one the document is about."""
        names = subjects(text)
        first = [name for name in names if name in error.candidates]
        for top in (*first, *(name for name in names if name not in first)):
            desk = await self._try(Place(project, top))
            if desk is not None and desk.role_of(path, text) is not Role.OTHER:
                return desk
        for desk in self.all:
            if desk.place.path == project and desk.role_of(path, text) is not Role.OTHER:
                return desk
        # Why the document's own module is none says more than that there are several.
        raise next((why for top in names if (why := self._failures.get(Place(project, top)))), error)

    async def _try(self, place: Place) -> Desk | None:
        try:
            return await self.open(place)
        except Llm4CovError:
            return None

    def _top(self, project: Path) -> str:
        return self._options(project).design.top or self._chosen.get(project, "")

    def _touch(self, desk: Desk) -> Desk:
        self._clock += 1
        desk.used = self._clock
        return desk

    async def _close_oldest(self) -> None:
        idle = [desk for desk in self.all if desk.task is None]
        for desk in idle[_MOST_DESKS:]:
            await self.close(desk)
