"""Distributions in a few figures, and as bars to draw."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Distribution:
    """Some values in a few figures; quartiles are interpolated between neighbours.

    Attributes:
        count: of the values; the others are 0 where it is 0.
    """

    count: int = 0
    least: float = 0.0
    quartile: float = 0.0
    median: float = 0.0
    upper_quartile: float = 0.0
    most: float = 0.0
    mean: float = 0.0

    @classmethod
    def of(cls, values: Sequence[float]) -> Distribution:
        """The distribution of values, in any order."""
        if not values:
            return cls()
        ordered = sorted(values)
        return cls(
            len(ordered),
            ordered[0],
            _quantile(ordered, 0.25),
            _quantile(ordered, 0.5),
            _quantile(ordered, 0.75),
            ordered[-1],
            fmean(ordered),
        )

    def document(self, digits: int = 4) -> dict[str, float]:
        """As JSON has it."""
        return {
            "count": self.count,
            "min": round(self.least, digits),
            "q1": round(self.quartile, digits),
            "median": round(self.median, digits),
            "q3": round(self.upper_quartile, digits),
            "max": round(self.most, digits),
            "mean": round(self.mean, digits),
        }


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a plot.

    Attributes:
        label: what it stands for.
        count: how many.
    """

    label: str
    count: float


def histogram(values: Sequence[float], edges: Sequence[float], labels: Sequence[str]) -> list[Bar]:
    """How many values lie from each edge up to the next; what lies outside goes to the first or last bar.

    Args:
        edges: lower ends of the bars, rising.
        labels: one for each.
    """
    counts = [0] * len(edges)
    for value in values:
        place = sum(value >= edge for edge in edges[1:])
        counts[place] += 1
    return [Bar(label, count) for label, count in zip(labels, counts, strict=True)]


def percent_bars(values: Sequence[float]) -> list[Bar]:
    """Ratios in [0, 1] in ten bars and one of its own for 1."""
    edges = [tenth / 10 for tenth in range(11)]
    labels = [f"{10 * tenth}-{10 * tenth + 10}" for tenth in range(10)]
    return histogram(values, edges, [*labels, "100"])


def gain_bars(values: Sequence[float]) -> list[Bar]:
    """Gains in [-1, 1]: losses, none, and what is gained."""
    edges = [-1.0, -0.1, -1e-9, 1e-9, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8]
    labels = ["< -10", "-10-0", "0", "0-1", "1-5", "5-10", "10-20", "20-40", "40-60", "60-80", "80-100"]
    return histogram(values, edges, labels)


def doubling_bars(values: Sequence[float]) -> list[Bar]:
    """Sizes in bars of which each reaches twice as far as the one before."""
    if not values:
        return []
    first = max(0, math.floor(math.log2(max(1.0, min(values)))))
    last = max(first, math.floor(math.log2(max(1.0, max(values)))))
    edges = [float(2**power) for power in range(first, last + 1)]
    return histogram(values, edges, [f"{int(edge):,}+" for edge in edges])


def count_bars(values: Sequence[int]) -> list[Bar]:
    """Small whole numbers, one bar each up to a dozen, and one for what is more."""
    most = min(12, max(values, default=0))
    edges = [float(number) for number in range(most + 1)]
    labels = [str(number) for number in range(most + 1)]
    if max(values, default=0) > most:
        labels[-1] += "+"
    return histogram(values, edges, labels)


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = (len(ordered) - 1) * share
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
