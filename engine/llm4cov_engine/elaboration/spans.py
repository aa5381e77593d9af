"""From pyslang's source locations to spans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine.elaboration.records import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyslang import SourceLocation, SourceManager, SourceRange


class Places:
    """Translates locations of one pyslang source manager.

    Args:
        manager: holds every buffer the locations point into.
        names: the manager's file names to the names spans shall show; a file that is not listed keeps its
            own.
    """

    def __init__(self, manager: SourceManager, names: Mapping[str, str] | None = None) -> None:
        self._manager = manager
        self._names = names or {}

    def file(self, location: SourceLocation) -> str:
        """Name of the file a location lies in."""
        raw = self._manager.getFileName(self._manager.getFullyExpandedLoc(location))
        return self._names.get(raw, raw)

    def span(self, reach: SourceRange) -> Span:
        """The span of a range; text that comes from a macro has the place where the macro is used."""
        manager = self._manager
        start = manager.getFullyExpandedLoc(reach.start)
        end = manager.getFullyExpandedLoc(reach.end)
        if end.buffer.id != start.buffer.id:
            end = start
        name = manager.getFileName(start)
        return Span(
            self._names.get(name, name),
            manager.getLineNumber(start),
            manager.getColumnNumber(start),
            manager.getLineNumber(end),
            manager.getColumnNumber(end),
        )
