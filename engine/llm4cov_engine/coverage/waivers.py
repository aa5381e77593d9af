"""Waivers: points a person has decided may stay uncovered, each with a reason."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.coverage import Coverage
from llm4cov_engine.coverage.point import Exclusion, ExclusionKind, Metric, Point
from llm4cov_engine.coverage.vectors import covers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llm4cov_engine.coverage.holes import Hole


@dataclass(frozen=True, slots=True)
class Waiver:
    """A decision to leave points out; "" and () stand for any.

    Globs know `*` and `?`.

    Attributes:
        reason: why, in words; never empty.
        file: a glob of a file's path or of its last components.
        lines: first and last line, inclusive; None for any.
        instance: a glob of an instance's path or of its last components; takes in everything below.
        module: a glob of a module's name.
        what: a glob of what reports show for a point, or the range of a vector ("din[7:4] 0->1").
        place: where it was read from ("waivers.toml:12"), for messages.
    """

    reason: str
    file: str = ""
    lines: tuple[int, int] | None = None
    instance: str = ""
    module: str = ""
    metrics: tuple[Metric, ...] = ()
    what: str = ""
    place: str = field(default="", compare=False)

    def applies_to(self, point: Point) -> bool:
        """Whether a point of one instance is meant."""
        if self.metrics and point.metric not in self.metrics:
            return False
        if self.lines and not self.lines[0] <= point.line <= self.lines[1]:
            return False
        if self.file and not _tail_matches(self.file, point.file, "/"):
            return False
        if self.module and not any(_glob(self.module)(name) for name in (point.module, point.module_name)):
            return False
        if self.instance and not _at_or_below(self.instance, point.instance):
            return False
        return not self.what or self._names(point)

    def _names(self, point: Point) -> bool:
        if self.what == point.what or _glob(self.what)(point.what):
            return True
        return point.metric is Metric.TOGGLE and covers(self.what, point.what)


@dataclass(frozen=True, slots=True)
class Waived:
    """What came of applying waivers.

    Attributes:
        stale: waivers that no point answers to: the RTL has changed, or they were never right.
    """

    coverage: Coverage
    stale: tuple[Waiver, ...]


def apply(waivers: Sequence[Waiver], coverage: Coverage) -> Waived:
    """Leave out what waivers say; where several apply to a point, the first one's reason is shown."""
    exclusions: dict[tuple[str, ...], Exclusion] = {}
    used = set()
    for point in coverage.per_instance:
        for number, waiver in enumerate(waivers):
            if waiver.applies_to(point):
                used.add(number)
                exclusions.setdefault(point.identity, Exclusion(ExclusionKind.WAIVED, waiver.reason))
    stale = tuple(waiver for number, waiver in enumerate(waivers) if number not in used)
    return Waived(coverage.excluding(exclusions), stale)


def waiver_for(hole: Hole, reason: str) -> Waiver:
    """The waiver of one hole and nothing else, in every instance it was merged over."""
    return Waiver(
        reason,
        file=hole.file,
        lines=(hole.line, hole.line),
        instance=hole.instance if len(hole.instances) == 1 else "",
        metrics=(hole.metric,),
        what=hole.what,
    )


@lru_cache(maxsize=1024)
def _glob(pattern: str) -> Callable[[str], object]:
    """A glob of `*` and `?` only: brackets are what they are in a path or a signal."""
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.DOTALL).fullmatch


def _tail_matches(pattern: str, text: str, separator: str) -> bool:
    """Whether a glob matches a path or the last components of it."""
    matches = _glob(pattern)
    if matches(text):
        return True
    parts = text.split(separator)
    return any(matches(separator.join(parts[first:])) for first in range(1, len(parts)))


@lru_cache(maxsize=65536)
def _at_or_below(pattern: str, instance: str) -> bool:
    """Whether an instance or one above it answers to a glob, by its path or the last components of it."""
    parts = instance.split(".")
    return any(_tail_matches(pattern, ".".join(parts[:depth]), ".") for depth in range(1, len(parts) + 1))
