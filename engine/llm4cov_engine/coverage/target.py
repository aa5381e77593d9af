"""A coverage target: what somebody decided counts as closed."""

from __future__ import annotations

from dataclasses import dataclass

SCORE = "score"
"""Name of the mean over the metrics that have points."""

POINTS = "points"
"""Name of the plain ratio of hit points to all points."""


@dataclass(frozen=True, slots=True)
class Target:
    """A percentage to be reached on an instance and what is below it.

    Attributes:
        percent: 0 to 100, inclusive.
        metric: "score", "points" or the value of a `Metric`.
        instance: the path's last component or the whole path from the DUT on; "" is the DUT instance.
    """

    percent: float
    metric: str = SCORE
    instance: str = ""
