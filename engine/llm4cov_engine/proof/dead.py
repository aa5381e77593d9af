"""Points in code that an instance never runs because its parameters say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.proof.constant import find_dead_code
from llm4cov_engine.proof.syntax import read_scopes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.coverage.point import Point
    from llm4cov_engine.design.design import Design

_CODE = (Metric.LINE, Metric.BRANCH, Metric.EXPRESSION)


def dead_points(design: Design, points: Sequence[Point]) -> list[Point]:
    """The points of code that elaboration alone shows to be dead."""
    code = [point for point in points if point.metric in _CODE]
    dead = find_dead_code(design) if code else None
    if dead is None or not (dead.reaches or dead.without_else):
        return []
    scopes = read_scopes(design, with_routines=False)
    found = []
    for point in code:
        path = point.instance.partition(".")[2]
        place = (point.file, point.line, point.column)
        body = scopes.bodies.get(place) if point.metric is not Metric.EXPRESSION else None
        if body is not None and body.is_missing_else:
            if body.reach in dead.without_else.get(path, ()) or dead.holds(path, body.reach):
                found.append(point)
        elif body is not None:
            if dead.holds(path, body.reach):
                found.append(point)
        elif (owner := scopes.owner(place)) is not None and dead.holds(path, owner.reach):
            found.append(point)
    return found
