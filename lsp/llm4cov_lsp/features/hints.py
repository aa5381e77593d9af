"""Counts at the ends of lines, as inlay hints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from llm4cov_engine import LineStatus, Metric

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm4cov_engine import LineMark
    from llm4cov_lsp.positions import Drift, Lines

_NOUNS = {
    Metric.LINE: ("block", "blocks"),
    Metric.BRANCH: ("branch", "branches"),
    Metric.EXPRESSION: ("row", "rows"),
    Metric.TOGGLE: ("edge", "edges"),
    Metric.FSM_STATE: ("state", "states"),
    Metric.FSM_ARC: ("arc", "arcs"),
    Metric.USER: ("cover property", "cover properties"),
}


def inlay_hints(
    marks: Mapping[int, LineMark], lines: Lines, drift: Drift, wanted: types.Range, *, missed_only: bool
) -> list[types.InlayHint]:
    """One hint behind each line of a range that has points; lines edited since have none."""
    found = []
    for number, mark in marks.items():
        line = drift.line(number)
        if line is None or not wanted.start.line <= line - 1 <= wanted.end.line:
            continue
        label = label_of(mark)
        if not label or (missed_only and mark.status is LineStatus.HIT):
            continue
        found.append(
            types.InlayHint(
                position=lines.line_end(line),
                label=f"~ {label}" if drift.is_stale else label,
                padding_left=True,
                tooltip="Measured before the last change of this file." if drift.is_stale else None,
            )
        )
    return found


def label_of(mark: LineMark) -> str:
    """What a hint says: `12×`, `missing 2 rows, 1 edge`, `unreachable`; a block is told at its first line."""
    if mark.status in (LineStatus.UNREACHABLE, LineStatus.WAIVED):
        return mark.status.value
    missing: dict[Metric, int] = {}
    for point in mark.points:
        if not point.hits and point.exclusion is None and point.line == mark.line:
            missing[point.metric] = missing.get(point.metric, 0) + 1
    if missing:
        parts = (f"{count} {_NOUNS[metric][count > 1]}" for metric, count in missing.items())
        return f"missing {', '.join(parts)}"
    if mark.status is LineStatus.MISSED:
        return "0×"
    counts: list[int] = [point.hits for point in mark.points if point.metric is not Metric.TOGGLE]
    return f"{max(counts)}×" if any(counts) else ""
