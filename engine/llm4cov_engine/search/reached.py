"""What a trial was the first to reach, as the few lines of a comment."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.coverage.vectors import ranges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.coverage.point import Point

MOST_REACHED: Final = 6
"""Lines that say what a trial was the first to reach, the last of them for all the rest."""

_WIDE: Final = 96


def reached(points: Sequence[Point]) -> list[str]:
    """What a trial was the first to reach, in a few lines, the most telling first."""
    lines: dict[str, None] = {}
    counts: Counter[Metric] = Counter()
    toggles: dict[tuple[str, int, int, str], list[Point]] = {}
    for point in sorted(
        points, key=lambda each: (each.instance.count("."), each.file, each.line, each.column)
    ):
        counts[point.metric] += 1
        if point.metric is Metric.TOGGLE:
            toggles.setdefault((point.file, point.line, point.column, point.instance), []).append(point)
        else:
            lines[f"{point.file}:{point.line} {point.metric.value} {_plain(point.what)}"] = None
    for (file, line, _, _), members in toggles.items():
        lines |= {f"{file}:{line} toggle {_plain(what)}": None for what, _ in ranges(members)}
    shown = [text[:_WIDE] for text in lines]
    if len(shown) <= MOST_REACHED:
        return shown
    total = ", ".join(f"{count} {metric.value}" for metric, count in counts.items())
    return [*shown[: MOST_REACHED - 1], f"and others, together {total}"]


def _plain(text: str) -> str:
    """A point's words without what would end a comment line."""
    return " ".join(text.split())
