"""One person's edit and a round's testbench, both made from one text, as one text."""

from __future__ import annotations

import difflib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Hunk:
    """Lines `start` to `end` (exclusive) of the base become `lines`."""

    start: int
    end: int
    lines: tuple[str, ...]


def merged(base: str, mine: str, theirs: str) -> str | None:
    """Both changes of a text in one; None where they meet.

    Changes meet when they touch the same lines of the base or stand side by side, unless they are the same.
    """
    if mine in (base, theirs):
        return theirs
    if theirs == base:
        return mine
    lines = base.splitlines(keepends=True)
    left, right = _hunks(lines, mine), _hunks(lines, theirs)
    for one in left:
        for other in right:
            if one != other and one.start <= other.end and other.start <= one.end:
                return None
    out: list[str] = []
    place = 0
    for hunk in sorted({*left, *right}, key=lambda each: (each.start, each.end)):
        out += lines[place : hunk.start]
        out += hunk.lines
        place = hunk.end
    return "".join(out + lines[place:])


def _hunks(base: list[str], changed: str) -> list[_Hunk]:
    now = changed.splitlines(keepends=True)
    matcher = difflib.SequenceMatcher(None, base, now, autojunk=False)
    return [
        _Hunk(first, last, tuple(now[start:end]))
        for tag, first, last, start, end in matcher.get_opcodes()
        if tag != "equal"
    ]
