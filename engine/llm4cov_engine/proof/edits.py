"""Insertions into a source text, whose new lines are known afterwards."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LAST = 1 << 60

_COMMENT = re.compile(rb'"(?:\\.|[^"\\\n])*"|\\[!-~]+|(?P<comment>//[^\n]*|/\*.*?\*/)', re.DOTALL)
"""Strings and escaped names, in which nothing is a comment, and comments."""


def without_comments(text: str) -> str:
    """A source text with blanks for comments, every byte of the rest in its place.

    Synthesis tools obey words in comments ("translate_off", "full_case"), which simulators do not.
    """

    def blank(match: re.Match[bytes]) -> bytes:
        if match["comment"] is None:
            return match[0]
        return bytes(byte if byte in b"\r\n" else 0x20 for byte in match[0])

    data = text.encode("utf-8", "surrogatepass")
    return _COMMENT.sub(blank, data).decode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text to insert at an offset; what is sorted first stands first.

    Attributes:
        order: ends before beginnings, inner ends before outer ones, outer beginnings before inner ones.
    """

    offset: int
    order: tuple[int, int, int]
    text: str
    mark: int | None = None


@dataclass
class Edits:
    """What is to be inserted into one text, and what is blanked out of it."""

    pieces: list[_Piece] = field(default_factory=list)
    blanks: list[tuple[int, int, bytes]] = field(default_factory=list)

    def wrap(self, start: int, end: int, marks: list[tuple[int, str]]) -> None:
        """Put a statement between `begin` and `end`, with marked statements before it."""
        self.pieces.append(_Piece(start, (1, -end, 0), " begin "))
        self.pieces += [
            _Piece(start, (1, -end, place), text, mark) for place, (mark, text) in enumerate(marks, 1)
        ]
        self.pieces.append(_Piece(end, (0, -start, _LAST), " end "))

    def follow(self, start: int, end: int, marks: list[tuple[int, str]]) -> None:
        """Put marked statements behind a statement and what was appended to it, inside of what wraps it."""
        self.pieces += [
            _Piece(end, (0, -start, place), text, mark) for place, (mark, text) in enumerate(marks, 1)
        ]

    def append(self, start: int, end: int, before: str, marks: list[tuple[int, str]], after: str) -> None:
        """Put text behind a statement, inside of what wraps it."""
        self.pieces.append(_Piece(end, (0, -start, -len(marks) - 2), before))
        for place, (mark, text) in enumerate(marks):
            self.pieces.append(_Piece(end, (0, -start, place - len(marks) - 1), text, mark))
        self.pieces.append(_Piece(end, (0, -start, 0), after))

    def surround(self, start: int, end: int, before: str, after: str) -> None:
        """Put text around an expression."""
        self.pieces.append(_Piece(start, (1, -end, 0), before))
        self.pieces.append(_Piece(end, (0, -start, _LAST), after))

    def insert(self, offset: int, mark: int, text: str) -> None:
        """Put a marked item of its own before whatever begins at an offset."""
        self.pieces.append(_Piece(offset, (1, -_LAST, mark), text, mark))

    def blank(self, start: int, end: int, *, last: bytes = b" ") -> None:
        """Take a text out, lines left as they are.

        Args:
            last: what stands in the place of its last byte.
        """
        self.blanks.append((start, end, last))

    def apply(self, text: str) -> tuple[str, dict[int, int]]:
        """The new text, and the line of each mark in it; a mark has its line for itself.

        Offsets are of the text as UTF-8, as pyslang counts them.
        """
        data = text.encode("utf-8", "surrogatepass")
        for start, end, last in self.blanks:
            kept = bytes(byte if byte in b"\r\n" else 0x20 for byte in data[start : end - 1])
            data = data[:start] + kept + last + data[end:]
        out: list[bytes] = []
        lines: dict[int, int] = {}
        line, at = 1, 0
        for piece in sorted(self.pieces, key=lambda piece: (piece.offset, piece.order)):
            out.append(data[at : piece.offset])
            line += out[-1].count(b"\n")
            at = piece.offset
            if piece.mark is None:
                out.append(piece.text.encode())
            else:
                lines[piece.mark] = line + 1
                out.append(f"\n{piece.text}\n".encode())
                line += 2
        out.append(data[at:])
        return b"".join(out).decode("utf-8", "surrogatepass"), lines
