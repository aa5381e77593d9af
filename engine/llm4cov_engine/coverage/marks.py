"""What a source line's points add up to: the gutter of an editor."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.lines import line_numbers
from llm4cov_engine.coverage.point import ExclusionKind, Metric, Point

if TYPE_CHECKING:
    from llm4cov_engine.coverage.coverage import Coverage


class LineStatus(StrEnum):
    """What is to be said of a line."""

    HIT = "hit"
    PARTLY = "partly"
    MISSED = "missed"
    UNREACHABLE = "unreachable"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class LineMark:
    """A line and its points.

    Attributes:
        line: counts from 1.
        points: those that stand on the line, merged over instances, in the order of reports; a block's line
            point stands on every line of it.
        hits: of the point that was hit most.
    """

    line: int
    status: LineStatus
    points: tuple[Point, ...]
    hits: int

    @property
    def counted(self) -> tuple[int, int]:
        """How many points of the denominator were hit, and how many there are."""
        inside = [point for point in self.points if point.hits or point.exclusion is None]
        return sum(bool(point.hits) for point in inside), len(inside)


def marks(coverage: Coverage, file: str) -> dict[int, LineMark]:
    """The lines of a file that have points, by number."""
    part = coverage.files.get(file)
    lines: defaultdict[int, list[Point]] = defaultdict(list)
    for point in part.points if part else ():
        numbers = line_numbers(point.lines) if point.metric is Metric.LINE else []
        for number in {point.line, *numbers}:
            lines[number].append(point)
    return {number: _mark(number, points) for number, points in sorted(lines.items())}


def _mark(number: int, points: list[Point]) -> LineMark:
    order = list(Metric)
    points.sort(key=lambda point: (order.index(point.metric), point.column, point.what))
    return LineMark(number, _status(points), tuple(points), max(point.hits for point in points))


def _status(points: list[Point]) -> LineStatus:
    open_points = [point for point in points if not point.hits and point.exclusion is None]
    hit = any(point.hits for point in points)
    if open_points:
        return LineStatus.PARTLY if hit else LineStatus.MISSED
    if hit:
        return LineStatus.HIT
    kinds = {point.exclusion.kind for point in points if point.exclusion is not None}
    return LineStatus.WAIVED if ExclusionKind.WAIVED in kinds else LineStatus.UNREACHABLE
