"""Which hits of a simulation show that a point was reached."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.point import Metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llm4cov_engine.coverage.point import Point

_BIT = re.compile(r"(.*)\[(\d+)\]:[01]->[01]")

_WIDEST = 64
"""Bits of a vector up to which Verilator's toggle counters can be believed.

For wider ones Verilator 5.048 shifts words of 32 bits by up to the width of the vector (verilated_cov.h,
`VL_COV_TOGGLE_CHG_ST_W`), so that a change of one bit counts for the bits 32 and 64 places further, too.
"""


def reached(points: Sequence[Point]) -> list[Point]:
    """The points that were hit beyond doubt.

    Args:
        points: of single instances; all of them, so that the width of every vector shows.
    """
    vectors: dict[tuple[str, ...], tuple[int, int]] = {}
    for key, bit in _bits(points):
        low, high = vectors.get(key, (bit, bit))
        vectors[key] = (min(low, bit), max(high, bit))
    wide = {key for key, (low, high) in vectors.items() if high - low >= _WIDEST}
    return [point for point in points if point.hits and _vector(point)[0] not in wide]


def _bits(points: Iterable[Point]) -> Iterable[tuple[tuple[str, ...], int]]:
    for point in points:
        key, bit = _vector(point)
        if key:
            yield key, bit


def _vector(point: Point) -> tuple[tuple[str, ...], int]:
    """The vector of a toggle point, and the bit; an empty name for other points."""
    match = _BIT.fullmatch(point.what) if point.metric is Metric.TOGGLE else None
    if match is None:
        return (), 0
    return (point.instance, point.file, str(point.line), str(point.column), match[1]), int(match[2])
