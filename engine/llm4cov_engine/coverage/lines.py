"""Points as counts of source lines and branches: what LCOV and Cobertura can carry of them.

These counts are for other people's viewers. Scores are never made from them: several points may share a
line, and toggles, expressions, machines and cover properties have no place in such files.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.point import Metric

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm4cov_engine.coverage.coverage import Coverage
    from llm4cov_engine.coverage.point import Point

_ELSE = ("else", "cond_else")


@dataclass(frozen=True, slots=True)
class Branch:
    """A decision with two ways out; hits are None for a way that is excluded."""

    line: int
    hits: tuple[int | None, int | None]

    @property
    def was_reached(self) -> bool:
        """Whether the decision was ever made."""
        return any(self.hits)


@dataclass(frozen=True, slots=True)
class FileLines:
    """A file as lines and branches.

    Attributes:
        lines: line number to hits, for every line a point that is not excluded stands for; a line that
            several points share has the hits of the one that was hit most.
        branches: in source order.
    """

    name: str
    lines: dict[int, int]
    branches: tuple[Branch, ...]


def line_numbers(lines: str) -> list[int]:
    """Verilator's "7,10-12" as [7, 10, 11, 12]; "" as []."""
    numbers: list[int] = []
    for part in filter(None, lines.split(",")):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


def files(coverage: Coverage) -> tuple[FileLines, ...]:
    """The line and branch points of a coverage, file by file, parameterisations of a module together."""
    return tuple(_file(name, part.points) for name, part in coverage.files.items())


def _file(name: str, points: Iterable[Point]) -> FileLines:
    lines: dict[int, int] = {}
    ways: defaultdict[tuple[int, int], dict[bool, int | None]] = defaultdict(dict)
    for point in points:
        if point.metric not in (Metric.LINE, Metric.BRANCH):
            continue
        hits = None if point.exclusion and not point.hits else point.hits
        if hits is not None:
            for number in line_numbers(point.lines) or [point.line]:
                lines[number] = max(lines.get(number, 0), hits)
        if point.metric is Metric.BRANCH:
            is_else = point.what in _ELSE
            # Verilator puts an else one column behind its if.
            pair = ways[(point.line, point.column - is_else)]
            pair[is_else] = _more(pair.get(is_else), hits)
    branches = tuple(
        Branch(line, (pair.get(False), pair.get(True))) for (line, _), pair in sorted(ways.items())
    )
    return FileLines(name, dict(sorted(lines.items())), branches)


def _more(one: int | None, other: int | None) -> int | None:
    return max((hits for hits in (one, other) if hits is not None), default=None)
