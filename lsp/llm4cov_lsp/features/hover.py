"""A line's points, and how they came to be hit, as a hover."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from lsprotocol import types

from llm4cov_engine import LineStatus, Metric

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm4cov_engine import LineMark, Node, Point
    from llm4cov_lsp.picture import Picture
    from llm4cov_lsp.positions import Drift, Lines

_EDGE = re.compile(r"^(?P<signal>.*):(?P<edge>0->1|1->0)$")
_MOST = 40
"""Rows of the table; a wide bus may have hundreds of points."""

_TITLES = {
    LineStatus.HIT: "covered",
    LineStatus.PARTLY: "partly covered",
    LineStatus.MISSED: "not covered",
    LineStatus.UNREACHABLE: "unreachable",
    LineStatus.WAIVED: "waived",
}


def hover(picture: Picture, file: str, line: int, lines: Lines, drift: Drift) -> types.Hover | None:
    """What is known of a line of the text as it is now, counted from 1; None without points."""
    measured = drift.back(line)
    mark = picture.marks.get(file, {}).get(measured) if measured is not None else None
    if mark is None:
        return None
    return types.Hover(
        contents=types.MarkupContent(
            kind=types.MarkupKind.Markdown, value=markdown(picture, mark, stale=drift.is_stale)
        ),
        range=lines.rest(line, 1),
    )


def markdown(picture: Picture, mark: LineMark, *, stale: bool = False) -> str:
    """The text of a hover."""
    hit, total = mark.counted
    out = [f"**{_TITLES[mark.status]}**: {hit} of {total} points hit"]
    if stale:
        out.append("*Measured before the last change of this file.*")
    rows = [*_toggle_rows(picture, mark.points), *_other_rows(picture, mark.points)]
    rows.sort(key=lambda row: row[0])
    out += ["", "| | what | hits | first hit by |", "|---|---|---|---|"]
    out += [f"| {name} | {what} | {hits} | {first} |" for _, name, what, hits, first in rows[:_MOST]]
    if len(rows) > _MOST:
        out += ["", f"and {len(rows) - _MOST} more"]
    out += _novelties(picture, mark.points)
    return "\n".join(out)


_Row = tuple[bool, str, str, str, str]


def _other_rows(picture: Picture, points: Iterable[Point]) -> list[_Row]:
    return [
        (
            bool(point.hits),
            _metric(point.metric),
            _code(point.what),
            _hits(point),
            _who(picture.first(point)),
        )
        for point in points
        if point.metric is not Metric.TOGGLE
    ]


def _toggle_rows(picture: Picture, points: Iterable[Point]) -> list[_Row]:
    """One row per bit, both directions beside each other."""
    bits: defaultdict[str, dict[str, Point]] = defaultdict(dict)
    for point in points:
        if point.metric is Metric.TOGGLE:
            found = _EDGE.match(point.what)
            bits[found["signal"] if found else point.what][found["edge"] if found else ""] = point
    rows = []
    for signal, edges in bits.items():
        hits = ", ".join(f"{edge or 'any'}: {_hits(point)}" for edge, point in sorted(edges.items()))
        nodes = [node for point in edges.values() if (node := picture.first(point)) is not None]
        first = max(nodes, key=lambda node: node.number, default=None)
        is_hit = all(point.hits for point in edges.values())
        rows.append((is_hit, "toggle", _code(signal), hits, _who(first if is_hit else None)))
    return rows


def _novelties(picture: Picture, points: Iterable[Point]) -> list[str]:
    """What the testbench of the youngest round among the first hits brought with it."""
    nodes = {node.number: node for point in points if (node := picture.first(point)) is not None}
    for number in sorted(nodes, reverse=True):
        if quoted := picture.novelties.get(number):
            text = "\n".join(quoted).replace("```", "'''")
            return ["", f"New in the testbench of round {number}:", "```systemverilog", text, "```"]
    return []


def _who(node: Node | None) -> str:
    if node is None:
        return ""
    author = node.author.value if node.author else "outside"
    return f"round {node.number} ({author})"


def _hits(point: Point) -> str:
    if point.exclusion is not None and not point.hits:
        return f"{point.exclusion.kind.value}: {point.exclusion.reason}".replace("|", "\\|")
    return str(point.hits) if point.hits else "**0**"


def _metric(metric: Metric) -> str:
    return metric.value.replace("_", " ")


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""
