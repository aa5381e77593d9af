"""What coverage still misses, in the order a person should look at it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.lines import line_numbers
from llm4cov_engine.coverage.point import Metric, Point
from llm4cov_engine.coverage.vectors import ranges

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from llm4cov_engine.coverage.blocks import Extent, Place
    from llm4cov_engine.coverage.coverage import Coverage
    from llm4cov_engine.design.design import Design

_BLOCKS = (Metric.LINE, Metric.BRANCH)
_NESTING = (*_BLOCKS, Metric.EXPRESSION)
"""Kinds of points that can only be hit once the block around them runs."""

_RANK = {
    Metric.LINE: 0,
    Metric.BRANCH: 0,
    Metric.FSM_STATE: 1,
    Metric.FSM_ARC: 2,
    Metric.USER: 3,
    Metric.EXPRESSION: 4,
    Metric.TOGGLE: 5,
}
_HIDDEN_RANK = 6


class HoleReason(StrEnum):
    """Why a hole is one."""

    UNCOVERED = "uncovered"
    UNREACHABLE = "unreachable"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class Hole:
    """Something that was not hit: one point, or the bits of a vector that miss the same edges.

    Attributes:
        line, column: count from 1.
        instance: the first of the instances the points were merged over.
        what: "else", "(a==1 && b==0) => 1", "din[7:4] 0->1", "state::RUN->DONE", a cover property's label.
        because: why it is left out, or why it was not hit as far as anything is known; "" for nothing.
        points: the merged points it stands for, at least one.
        hides: how many other points that were not hit lie inside this block: they can only be hit with it.
        is_hidden: whether it lies inside a block that was not hit itself.
    """

    metric: Metric
    file: str
    line: int
    column: int
    module: str
    instance: str
    what: str
    reason: HoleReason
    points: tuple[Point, ...]
    because: str = ""
    hides: int = 0
    is_hidden: bool = False

    @property
    def instances(self) -> tuple[str, ...]:
        """Every instance the points were merged over."""
        return self.points[0].instances


def holes(coverage: Coverage, design: Design | None = None) -> tuple[Hole, ...]:
    """Everything that was not hit, most useful first, what is excluded last.

    First the blocks that hide most other points, then states and arcs of machines, cover properties, rows of
    expressions, toggles, and at last what lies inside a block that was not hit.

    Args:
        coverage: of a design or a part of it; holes are those of the view merged over instances.
        design: whose sources say where blocks end. Without them a block is taken to end with the last of
            the lines Verilator gives for it, which leaves out blocks nested at its end.
    """
    missed = [point for point in coverage.points if not point.hits]
    found = [_hole(point) for point in missed if point.metric is not Metric.TOGGLE]
    found += _toggle_holes(point for point in missed if point.metric is Metric.TOGGLE)
    places: Mapping[Place, Extent] = {}
    if design is not None and any(hole.metric in _BLOCKS for hole in found):
        from llm4cov_engine.coverage.blocks import extents

        places = extents(design)
    return tuple(sorted(_nested(found, places), key=_usefulness))


def _usefulness(hole: Hole) -> tuple[object, ...]:
    rank = _HIDDEN_RANK if hole.is_hidden else _RANK[hole.metric]
    # Vectors near the top are driven by the testbench itself; wide ones hold many points.
    size = (hole.instance.count("."), -len(hole.points)) if hole.metric is Metric.TOGGLE else (-hole.hides, 0)
    place = (hole.file, hole.line, hole.column, hole.module, hole.what)
    return (hole.reason is not HoleReason.UNCOVERED, hole.reason, rank, size, place)


def _hole(point: Point, what: str = "", points: tuple[Point, ...] = ()) -> Hole:
    exclusion = point.exclusion
    return Hole(
        metric=point.metric,
        file=point.file,
        line=point.line,
        column=point.column,
        module=point.module,
        instance=point.instance,
        what=what or point.what,
        reason=HoleReason(exclusion.kind) if exclusion else HoleReason.UNCOVERED,
        points=points or (point,),
        because=exclusion.reason if exclusion else point.because,
    )


def _toggle_holes(points: Iterable[Point]) -> Iterator[Hole]:
    declarations: defaultdict[tuple[object, ...], list[Point]] = defaultdict(list)
    for point in points:
        place = (point.file, point.line, point.column, point.module, point.instances)
        declarations[(*place, point.exclusion, point.because)].append(point)
    for members in declarations.values():
        for what, held in ranges(members):
            yield _hole(held[0], what, held)


def _nested(found: list[Hole], places: Mapping[Place, Extent]) -> list[Hole]:
    """Mark what lies inside a block that was not hit, and count it at the outermost such block."""
    groups: defaultdict[tuple[str, str], list[Hole]] = defaultdict(list)
    result = []
    for hole in found:
        if hole.metric in _NESTING and hole.reason is HoleReason.UNCOVERED:
            groups[(hole.file, hole.module)].append(hole)
        else:
            result.append(hole)
    for group in groups.values():
        group.sort(key=_place)
        result += _nested_in_module(group, places)
    return result


def _nested_in_module(group: list[Hole], places: Mapping[Place, Extent]) -> Iterator[Hole]:
    outermost, around, hides = None, None, 0
    for hole in group:
        if outermost is not None and around and around[0] <= (hole.line, hole.column) < around[1]:
            hides += 1
            yield replace(hole, is_hidden=True)
            continue
        if outermost is not None:
            yield replace(outermost, hides=hides)
            outermost = None
        around = _extent(hole, places) if hole.metric in _BLOCKS else None
        if around is None:
            yield hole
        else:
            outermost, hides = hole, 0
    if outermost is not None:
        yield replace(outermost, hides=hides)


def _place(hole: Hole) -> tuple[int, int, bool]:
    # A block and the expression that decides it may stand at one place; the block comes first.
    return (hole.line, hole.column, hole.metric not in _BLOCKS)


def _extent(hole: Hole, places: Mapping[Place, Extent]) -> Extent | None:
    known = places.get((hole.file, hole.line, hole.column))
    if known is not None:
        return known
    if hole.what.startswith("cond_"):
        return None
    # Whether the rest of the point's own line is inside the block cannot be told without the source.
    numbers = line_numbers(hole.points[0].lines)
    return ((hole.line + 1, 1), (numbers[-1] + 1, 1)) if numbers else None
