"""From the engine's places to the editor's, and back.

The engine counts lines and columns from 1, columns in bytes of UTF-8 as compilers do. Editors count from
0, in units of the encoding they agreed on, UTF-16 unless something else was said.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from collections.abc import Callable

    from llm4cov_engine import Span

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
        self.lines = _split(text)
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

    def at(self, offset: int) -> types.Position:
        """The position before a character, counted from 0."""
        before = _split(self.text[:offset])
        return types.Position(len(before) - 1, self._units(before[-1]))

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


def _split(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


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


class Shift:
    """Where the positions of a text went when it was edited, letter by letter.

    What stands between the first and the last change has gone; everything before and behind it is followed,
    also on the very line that is being typed.

    Args:
        before: the text as it was.
        now: the text as it is.
    """

    def __init__(self, before: Lines, now: Lines) -> None:
        one, other = before.text, now.text
        shorter = min(len(one), len(other))
        head = _longest(shorter, lambda n: one.startswith(other[:n]))
        if one[:head].endswith("\r"):  # perhaps half of a line end
            head -= 1
        tail = _longest(shorter - head, lambda n: one.endswith(other[len(other) - n :]))
        if one[len(one) - tail :].startswith("\n"):
            tail -= 1
        self._start = before.at(head)
        self._end = before.at(len(one) - tail)
        self._now = now.at(len(other) - tail)

    def range(self, reach: types.Range) -> types.Range | None:
        """Where a range is now; None when what stood there has gone."""
        if self._start < self._end and self._start <= reach.start and reach.end <= self._end:
            return None
        start = reach.start if reach.start <= self._start else self._moved(reach.start)
        end = reach.end if reach.end <= self._start else self._moved(reach.end)
        return types.Range(start, end)

    def _moved(self, place: types.Position) -> types.Position:
        if place < self._end:
            return self._now
        if place.line > self._end.line:
            return types.Position(place.line - self._end.line + self._now.line, place.character)
        return types.Position(self._now.line, place.character - self._end.character + self._now.character)


def _longest(most: int, holds: Callable[[int], bool]) -> int:
    """The largest number up to `most` for which something holds that holds for every smaller one."""
    least = 0
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if holds(middle) else (least, middle - 1)
    return least
