"""From the engine's places to the editor's, and back.

The engine counts lines and columns from 1, columns in bytes of UTF-8 as compilers do. Editors count from
0, in units of the encoding they agreed on, UTF-16 unless something else was said.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from llm4cov_engine import Span

_ENDS = re.compile(r"\r\n|\n|\r")
_WORD = re.compile(r"[\w$]+|\S")


class Lines:
    """A text by lines, as editors and compilers count them.

    Args:
        text: the whole text.
        encoding: of the positions the client understands.
    """

    def __init__(
        self,
        text: str,
        encoding: types.PositionEncodingKind | str = types.PositionEncodingKind.Utf16,
    ) -> None:
        self.text = text
        self.lines = _ENDS.split(text)
        self._unit = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[getattr(encoding, "value", encoding)]

    def __len__(self) -> int:
        return len(self.lines)

    def position(self, line: int, column: int) -> types.Position:
        """An engine's place as a position; what lies outside of the text is moved to its edge."""
        if line < 1:
            return types.Position(0, 0)
        if line > len(self.lines):
            return self.end
        content = self.lines[line - 1]
        head = content.encode("utf-8", "replace")[: max(0, column - 1)].decode("utf-8", "ignore")
        return types.Position(line - 1, self._units(head))

    @property
    def end(self) -> types.Position:
        """The end of the text."""
        return types.Position(len(self.lines) - 1, self._units(self.lines[-1]))

    @property
    def whole(self) -> types.Range:
        """All of the text."""
        return types.Range(types.Position(0, 0), self.end)

    def line_end(self, line: int) -> types.Position:
        """The end of a line, counted from 1, before its line break."""
        line = min(max(line, 1), len(self.lines))
        return types.Position(line - 1, self._units(self.lines[line - 1]))

    def span(self, span: Span) -> types.Range:
        """A span; one without extent takes in the word it stands before."""
        if (span.line, span.column) == (span.end_line, span.end_column):
            return self.word(span.line, span.column)
        return types.Range(
            self.position(span.line, span.column), self.position(span.end_line, span.end_column)
        )

    def word(self, line: int, column: int) -> types.Range:
        """The word, or the sign, at a place; an empty range at the end of a line."""
        start = self.position(line, column)
        if not 1 <= line <= len(self.lines):
            return types.Range(start, start)
        content = (
            self.lines[line - 1].encode("utf-8", "replace")[max(0, column - 1) :].decode("utf-8", "ignore")
        )
        found = _WORD.match(content)
        length = self._units(found[0]) if found else 0
        return types.Range(start, types.Position(start.line, start.character + length))

    def rest(self, line: int, column: int) -> types.Range:
        """From a place to the end of its line, blanks at either side left out."""
        if not 1 <= line <= len(self.lines):
            return types.Range(self.position(line, 1), self.position(line, 1))
        content = self.lines[line - 1]
        head = content.encode("utf-8", "replace")[: max(0, column - 1)].decode("utf-8", "ignore")
        tail = content[len(head) :]
        start = len(head) + len(tail) - len(tail.lstrip())
        end = max(start, len(content.rstrip()))
        return types.Range(
            types.Position(line - 1, self._units(content[:start])),
            types.Position(line - 1, self._units(content[:end])),
        )

    def _units(self, text: str) -> int:
        if self._unit == 2:
            return len(text) + sum(character > "\uffff" for character in text)
        return len(text.encode("utf-8", "replace")) if self._unit == 1 else len(text)


class Drift:
    """Where the lines of a text went when it was edited.

    Only the lines at the beginning and at the end that are still the same are followed: what lies between
    the first and the last change is no longer what was measured.

    Args:
        measured: lines of the text as it was.
        now: lines of the text as it is.
    """

    def __init__(self, measured: list[str], now: list[str]) -> None:
        shorter = min(len(measured), len(now))
        self._same = next((n for n in range(shorter) if measured[n] != now[n]), shorter)
        rest = shorter - self._same
        self._tail = next((n for n in range(rest) if measured[-1 - n] != now[-1 - n]), rest)
        self._measured = len(measured)
        self._shift = len(now) - len(measured)
        self.is_stale = measured != now

    def line(self, line: int) -> int | None:
        """The number that a line of the measured text has now; None when it has changed or gone."""
        if line <= self._same:
            return line
        if line > self._measured - self._tail:
            return line + self._shift
        return None

    def back(self, line: int) -> int | None:
        """The number that a line of now had in the measured text."""
        if line <= self._same:
            return line
        if line > self._measured + self._shift - self._tail:
            return line - self._shift
        return None
