"""Answers of the server's own requests. Percentages are 0 to 100, lines count from 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm4cov_engine import Metric

if TYPE_CHECKING:
    from llm4cov_engine import LineMark, Node, Point
    from llm4cov_lsp.picture import Picture
    from llm4cov_lsp.positions import Drift, Lines

Json = dict[str, Any]


def file_coverage(uri: str, marks: dict[int, LineMark], lines: Lines, drift: Drift) -> Json:
    """A file for an editor that shows coverage itself; lines edited since they were measured are left out."""
    details: list[Json] = []
    for number, mark in sorted(marks.items()):
        line = drift.line(number)
        hits = _line_hits(mark)
        if line is None or hits is None:
            continue
        branches = [
            {
                "label": point.what,
                "line": line - 1,
                "character": lines.position(line, point.column).character,
                "hits": point.hits,
            }
            for point in mark.points
            if point.metric is Metric.BRANCH and _counts(point)
        ]
        details.append({"line": line - 1, "hits": hits, "branches": branches})
    flat = [branch for each in details for branch in each["branches"]]
    return {
        "uri": uri,
        "lines": {"covered": sum(each["hits"] > 0 for each in details), "total": len(details)},
        "branches": {"covered": sum(each["hits"] > 0 for each in flat), "total": len(flat)},
        "details": details,
    }


def _line_hits(mark: LineMark) -> int | None:
    """How often a line ran; for declarations, whether everything there toggled; None where nothing counts."""
    counted = [point for point in mark.points if _counts(point)]
    runs = [point.hits for point in counted if point.metric in (Metric.LINE, Metric.BRANCH)]
    if runs:
        return max(runs)
    return min((point.hits for point in counted), default=None)


def _counts(point: Point) -> bool:
    return bool(point.hits) or point.exclusion is None


def rounds(picture: Picture, session: str) -> Json:
    """The tree of a session."""
    best = max(picture.nodes, key=lambda node: (node.goodness, -node.number), default=None)
    return {
        "session": session,
        "rounds": [
            round_record(
                node, is_best=best is node and node.number > 0, is_current=_is(picture.current, node)
            )
            for node in picture.nodes
        ],
    }


def round_record(node: Node, *, is_best: bool = False, is_current: bool = False) -> Json:
    """A node of the tree."""
    return {
        "number": node.number,
        "parent": node.parent,
        "author": node.author.value if node.author else "",
        "status": node.status.value if node.status else "",
        "score": round(100 * node.score, 2),
        "gain": round(100 * node.gain, 2),
        "seconds": round(node.seconds, 3),
        "note": node.note,
        "hasTestbench": node.number > 0,
        "isBest": is_best,
        "isCurrent": is_current,
    }


def _is(one: Node | None, other: Node) -> bool:
    return one.number == other.number if one is not None else other.number == 0
