"""Cov(o): what a simulation covered of the DUT."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.point import Metric, Point
from llm4cov_engine.coverage.target import Target

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Tally:
    """Hit and total of a set of points; the excluded ones are in neither.

    A point that was excluded as unreachable and is hit all the same counts as a hit point.
    """

    hit: int = 0
    total: int = 0
    unreachable: int = 0
    waived: int = 0

    @property
    def ratio(self) -> float | None:
        """hit / total in [0, 1]; None without points."""
        return self.hit / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class TargetResult:
    """A target and what came of it; `actual` is None when the instance or the metric has no points."""

    target: Target
    actual: float | None
    met: bool


@dataclass(frozen=True)
class Coverage:
    """Points of the DUT instance and everything below it.

    Attributes:
        per_instance: one point per instance and thing to hit, in a fixed order. The testbench's own points
            are not among them.
    """

    per_instance: tuple[Point, ...]

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """The view merged over the instances of a module: every thing to hit once."""
        raise NotImplementedError

    @cached_property
    def metrics(self) -> dict[Metric, Tally]:
        """Tally per metric over `points`; every metric is a key, those without points have total 0."""
        raise NotImplementedError

    @cached_property
    def tally(self) -> Tally:
        """Tally over all `points`."""
        raise NotImplementedError

    @cached_property
    def score(self) -> float:
        """Mean of the ratios of the metrics that have points, in [0, 1]; 0.0 without points.

        The analogue of Cadence IMC's "Overall Average", in which the benchmark's targets are written.
        """
        raise NotImplementedError

    def within(self, instance: str) -> Coverage:
        """The part at and below an instance: "" for all, else a path or the last component of one."""
        raise NotImplementedError

    @cached_property
    def instances(self) -> dict[str, Coverage]:
        """Coverage at and below each instance, path to coverage, in hierarchical order."""
        raise NotImplementedError

    @cached_property
    def files(self) -> dict[str, Coverage]:
        """Coverage per source file, by name."""
        raise NotImplementedError

    def results(self, targets: Sequence[Target]) -> tuple[TargetResult, ...]:
        """Hold the coverage against targets, in their order."""
        raise NotImplementedError

    @cached_property
    def identities(self) -> frozenset[tuple[str, ...]]:
        """Identities of the hit points of `per_instance`, for asking what a round newly hit."""
        raise NotImplementedError
