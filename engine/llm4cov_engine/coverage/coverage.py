"""Cov(o): what a simulation covered of the DUT."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.point import Exclusion, ExclusionKind, Metric, Point
from llm4cov_engine.coverage.target import COMPOSITES, POINTS, SCORE, Target

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

_TOLERANCE = 1e-9
"""Percentages this close are equal: they are quotients in floating point."""


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

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.hit + other.hit,
            self.total + other.total,
            self.unreachable + other.unreachable,
            self.waived + other.waived,
        )


@dataclass(frozen=True, slots=True)
class TargetResult:
    """A target and what came of it.

    Attributes:
        actual: in per cent; None when the instance or the metric has no points.
    """

    target: Target
    actual: float | None
    met: bool


@dataclass(frozen=True)
class Coverage:
    """Points of an instance, the DUT or one below it, and of everything below that.

    Attributes:
        per_instance: one point per instance and thing to hit, in a fixed order. The testbench's own points
            are not among them.
        path: of the instance, from the DUT instance on; "" for the DUT instance itself.
        simulated_as: full path the DUT had in the simulation ("tb.dut"). Its last component differs from
            the start of `path` when the testbench calls its DUT something else.
    """

    per_instance: tuple[Point, ...]
    path: str = field(default="", compare=False)
    simulated_as: str = field(default="", compare=False)

    @cached_property
    def root(self) -> str:
        """The instance this is the coverage of; "" without points."""
        return self.path or next((point.instance.partition(".")[0] for point in self.per_instance), "")

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """The view merged over the instances of a module: every thing to hit once.

        A merged point is excluded when it is in every instance. Machines are not merged: Verilator finds the
        states and arcs of every instance by themselves, and an instance may lack some.
        """
        points = self.per_instance
        return tuple(
            points[group[0]] if len(group) == 1 else _merge([points[each] for each in group])
            for group in merged(points)
        )

    @cached_property
    def metrics(self) -> dict[Metric, Tally]:
        """Tally per metric over `points`; every metric is a key, those without points have total 0."""
        groups: dict[Metric, list[Point]] = {metric: [] for metric in Metric}
        for point in self.points:
            groups[point.metric].append(point)
        return {metric: count(points) for metric, points in groups.items()}

    @cached_property
    def tally(self) -> Tally:
        """Tally over all `points`."""
        return sum(self.metrics.values(), Tally())

    @cached_property
    def score(self) -> float:
        """Mean of the ratios of the metrics that have points, in [0, 1]; 0.0 without points.

        The analogue of Cadence IMC's "Overall Average", in which the benchmark's targets are written.
        """
        ratios = [tally.ratio for tally in self.metrics.values() if tally.ratio is not None]
        return sum(ratios) / len(ratios) if ratios else 0.0

    @cached_property
    def module(self) -> str:
        """Name of the instance's module, without parameter suffix; "" when it has no points of its own."""
        own = (point.module_name for point in self.per_instance if point.instance == self.root)
        return next(own, "")

    def within(self, instance: str) -> Coverage:
        """The part at and below an instance: "" for all, else a path or the last components of one.

        Where several instances answer to the name, the part of all of them; no points where none does.
        """
        if instance in ("", self.root):
            return self
        if instance in self.instances:
            return self.instances[instance]
        named = [path for path in self.instances if path.endswith(f".{instance}")]
        if len(named) == 1:
            return self.instances[named[0]]
        prefixes = tuple(f"{path}." for path in named)
        chosen = (
            point
            for point in self.per_instance
            if point.instance in named or point.instance.startswith(prefixes)
        )
        return Coverage(tuple(chosen), path=instance, simulated_as=self.simulated_as)

    def only(self, metrics: Collection[Metric]) -> Coverage:
        """The points of some metrics."""
        return self._part(point for point in self.per_instance if point.metric in metrics)

    @cached_property
    def instances(self) -> dict[str, Coverage]:
        """Coverage at and below each instance, path to coverage, in hierarchical order."""
        own: dict[str, list[Point]] = {self.root: []} if self.root else {}
        for point in self.per_instance:
            own.setdefault(point.instance, []).append(point)
        # Sorted by components, an instance stands right before everything below it.
        below: dict[str, list[Point]] = {path: [] for path in sorted(own, key=_components)}
        open_paths: list[str] = []
        for path in below:
            while open_paths and not path.startswith(f"{open_paths[-1]}."):
                open_paths.pop()
            open_paths.append(path)
            for above in open_paths:
                below[above] += own[path]
        return {path: self._part(points, path) for path, points in below.items()}

    @cached_property
    def files(self) -> dict[str, Coverage]:
        """Coverage per source file, by name."""
        groups: defaultdict[str, list[Point]] = defaultdict(list)
        for point in self.per_instance:
            groups[point.file].append(point)
        return {name: self._part(groups[name]) for name in sorted(groups)}

    def results(self, targets: Sequence[Target]) -> tuple[TargetResult, ...]:
        """Hold the coverage against targets, in their order."""
        return tuple(self._result(target) for target in targets)

    @cached_property
    def identities(self) -> frozenset[tuple[str, ...]]:
        """Identities of the hit points of `per_instance`, for asking what a round newly hit."""
        return frozenset(point.identity for point in self.per_instance if point.hits)

    def excluding(self, exclusions: Mapping[tuple[str, ...], Exclusion]) -> Coverage:
        """The same coverage with points of `per_instance` excluded, by identity.

        A point that is excluded already keeps the reason it has.
        """
        return self._part(
            replace(point, exclusion=exclusions[point.identity])
            if point.exclusion is None and point.identity in exclusions
            else point
            for point in self.per_instance
        )

    def beside(self, other: Coverage) -> Coverage:
        """The same coverage without what another one excludes, so that the two can be compared."""
        exclusions = {
            point.identity: point.exclusion for point in other.per_instance if point.exclusion is not None
        }
        return self.excluding(exclusions) if exclusions else self

    def explained(self, reasons: Mapping[tuple[str, ...], str]) -> Coverage:
        """The same coverage with words for points of `per_instance` that were not hit, by identity."""
        return self._part(
            replace(point, because=reasons[point.identity]) if point.identity in reasons else point
            for point in self.per_instance
        )

    def _part(self, points: Iterable[Point], path: str | None = None) -> Coverage:
        return Coverage(tuple(points), self.path if path is None else path, self.simulated_as)

    def _result(self, target: Target) -> TargetResult:
        part = self.within(target.instance)
        ratio = part._ratio(target.metric)
        if ratio is None:
            return TargetResult(target, None, met=False)
        actual = 100.0 * ratio
        return TargetResult(target, actual, met=actual >= target.percent - _TOLERANCE)

    def _ratio(self, metric: str) -> float | None:
        if metric == SCORE:
            return self.score if self.tally.total else None
        if metric == POINTS:
            return self.tally.ratio
        chosen = COMPOSITES.get(metric) or (Metric(metric),)
        return sum((self.metrics[each] for each in chosen), Tally()).ratio


def merged(points: Iterable[Point]) -> list[list[int]]:
    """Positions of the points of each thing to hit, as `Coverage.points` merges them."""
    groups: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for position, point in enumerate(points):
        machine = point.instances if point.metric in (Metric.FSM_STATE, Metric.FSM_ARC) else None
        where = (point.file, point.line, point.column, point.module)
        groups[(*where, point.metric, point.what, point.lines, machine)].append(position)
    return list(groups.values())


def count(points: Iterable[Point]) -> Tally:
    """Tally of a set of points."""
    hit = total = unreachable = waived = 0
    for point in points:
        kind = point.exclusion.kind if point.exclusion else None
        if kind is ExclusionKind.WAIVED:
            waived += 1
        elif kind is ExclusionKind.UNREACHABLE and not point.hits:
            unreachable += 1
        else:
            total += 1
            hit += bool(point.hits)
    return Tally(hit, total, unreachable, waived)


def _merge(group: Sequence[Point]) -> Point:
    exclusions = [point.exclusion for point in group]
    missing = [each for each in exclusions if each is None or each.kind is ExclusionKind.WAIVED]
    # A proof for every instance is the strongest reason; one waiver among them makes it a waiver.
    exclusion = missing[0] if None not in exclusions and missing else exclusions[0]
    return replace(
        group[0],
        instances=tuple(sorted({path for point in group for path in point.instances}, key=_components)),
        hits=sum(point.hits for point in group),
        exclusion=None if None in exclusions else exclusion,
    )


def _components(path: str) -> tuple[tuple[tuple[str, int], ...], ...]:
    """Sorting key: component by component, the numbers in brackets as numbers."""
    return tuple(_natural(part) for part in path.split("."))


def _natural(text: str) -> tuple[tuple[str, int], ...]:
    pieces = text.replace("]", "").split("[")
    return tuple((piece, -1) if not piece.isdecimal() else ("", int(piece)) for piece in pieces)
