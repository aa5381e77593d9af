"""From pyslang's source locations to spans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine.elaboration.records import Span

if TYPE_CHECKING:
    from pyslang import BufferID, SourceLocation, SourceManager, SourceRange
    from pyslang.ast import Symbol


IN_MEMORY = "/llm4cov-in-memory/"
"""Every name is made absolute below this folder, which does not exist: a relative name would make pyslang
read a file of the same name below the current folder instead of the text it was given."""


class Places:
    """Translates locations of one pyslang source manager.

    Text that comes from a macro has the place where the macro is used.

    Args:
        manager: holds every buffer the locations point into.
    """

    def __init__(self, manager: SourceManager) -> None:
        self._manager = manager
        self._buffers: dict[int, str] = {}

    def file(self, location: SourceLocation) -> str:
        """Name of the file a location lies in."""
        return self._name(self._manager.getFullyExpandedLoc(location))

    def span(self, reach: SourceRange) -> Span:
        """The span of a range."""
        manager = self._manager
        start = manager.getFullyExpandedLoc(reach.start)
        end = manager.getFullyExpandedLoc(reach.end)
        if end.buffer.id != start.buffer.id:
            end = start
        return Span(
            self._name(start),
            manager.getLineNumber(start),
            manager.getColumnNumber(start),
            manager.getLineNumber(end),
            manager.getColumnNumber(end),
        )

    def point(self, location: SourceLocation) -> Span | None:
        """The empty span at a location; None for a place that is in no file, such as a command line."""
        place = self._manager.getFullyExpandedLoc(location)
        if not self._manager.isFileLoc(place) or not self._name(place):
            return None
        line, column = self._manager.getLineNumber(place), self._manager.getColumnNumber(place)
        return Span(self._name(place), line, column, line, column)

    def name_span(self, symbol: Symbol) -> Span:
        """The span of a symbol's name where it is declared."""
        place = self._manager.getFullyExpandedLoc(symbol.location)
        line, column = self._manager.getLineNumber(place), self._manager.getColumnNumber(place)
        return Span(self._name(place), line, column, line, column + len(symbol.name))

    def _name(self, location: SourceLocation) -> str:
        return self.buffer(location.buffer)

    def buffer(self, identity: BufferID) -> str:
        """Name of the file a buffer holds."""
        name = self._buffers.get(identity.id)
        if name is None:
            name = str(self._manager.getFullPath(identity)).removeprefix(IN_MEMORY)
            self._buffers[identity.id] = name
        return name
