"""Where every coverage point of a simulation stands, and which counters say how often it was hit.

What counts as the DUT's: whatever stands at or below the DUT instance in the instance hierarchy, interfaces
and bound modules included, but nothing that comes from the testbench's own file. Functions of packages stand
below nobody and are not counted; Verilator 5.048 instruments none.

A layout does not change from run to run of one build, nor does anything in it but the numbers of counters
from build to build of one design: what can be known without the hits is worked out once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from llm4cov_engine.coverage.coverage import Coverage, Tally, merged
from llm4cov_engine.coverage.point import Metric, Point, without_suffix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_METRICS = {
    "line": Metric.LINE,
    "branch": Metric.BRANCH,
    "expr": Metric.EXPRESSION,
    "toggle": Metric.TOGGLE,
    "fsm_state": Metric.FSM_STATE,
    "fsm_arc": Metric.FSM_ARC,
}
_FSM = frozenset((Metric.FSM_STATE, Metric.FSM_ARC))
_PLAIN = frozenset((Metric.LINE, Metric.BRANCH, Metric.EXPRESSION, Metric.TOGGLE))
"""Kinds of points whose hierarchy key is the path of an instance and nothing else."""

# Names of signals and scopes are encoded for C++ ("a__b" is "a___05Fb", "a.b" is "a__02eb").
_ENCODED = re.compile(r"__0([0-9a-fA-F]{2})")


class NoCoverageError(ValueError):
    """The data says nothing about the DUT; the message is a sentence that says why."""


class Record(NamedTuple):
    """What the simulator says of one point of its own.

    `path` is the full path as the simulation has it, "" for none; `counter` the number of its counter.
    """

    metric: Metric
    file: str
    line: int
    column: int
    module: str
    path: str
    what: str
    lines: str
    counter: int


def record(keys: Mapping[str, str], counter: int) -> Record:
    """Read a point from Verilator's keys and values, named as in coverage.dat.

    Raises:
        KeyError, ValueError: a key is missing, a number is none.
    """
    metric = _METRICS.get(keys["t"], Metric.USER)
    what = keys.get("o", "")
    path = keys.get("h", "").removeprefix("TOP.").lstrip(".")
    if metric in _FSM:
        # The hierarchy key of an FSM point is of no use: "TOP", or two paths run together. The variable's
        # full path says where the machine is; Verilator repeats it in front of the comment.
        path = keys.get("Fv") or what.partition("::")[0]
    elif metric is Metric.TOGGLE:
        what = decoded(what)
    elif metric is Metric.USER:
        path = decoded(path.replace("__DOT__", ".").replace("__BRA__", "[").replace("__KET__", "]"))
        path = path.removesuffix(f".{what}")
    return Record(
        metric,
        keys["f"],
        int(keys["l"]),
        int(keys.get("n") or 0),
        keys["page"].partition("/")[2],
        path,
        what,
        keys.get("S", ""),
        counter,
    )


def decoded(name: str) -> str:
    """A name as the source has it, from the one in C++."""
    return _ENCODED.sub(lambda match: chr(int(match.group(1), 16)), name) if "__0" in name else name


@dataclass(frozen=True)
class Layout:
    """The points of the DUT, without hits, in the order of `Coverage.per_instance`.

    Attributes:
        points: all of them.
        counters: per point the number of its counter.
        more: positions of points that have further counters, with those: their hits are added up.
        instance: the name that paths in the points start with.
        simulated_as: full path of the DUT in the simulation.
    """

    points: tuple[Point, ...]
    counters: tuple[int, ...]
    more: tuple[tuple[int, tuple[int, ...]], ...]
    instance: str
    simulated_as: str = field(compare=False)

    def coverage(self, counts: Sequence[int], *, simulated_as: str = "") -> Coverage:
        """The coverage of a run whose counters stood at `counts` at its end.

        Args:
            simulated_as: full path of the DUT in this run, where it is another one.

        Raises:
            IndexError: there are fewer counters than points need.
        """
        hits = [counts[counter] for counter in self.counters]
        for position, counters in self.more:
            hits[position] += sum(counts[counter] for counter in counters)
        points = tuple(
            point if not count else _hit(point, count) for point, count in zip(self.points, hits, strict=True)
        )
        coverage = Coverage(points, path=self.instance, simulated_as=simulated_as or self.simulated_as)
        # What every round asks for, found faster than from the points.
        coverage.__dict__["metrics"] = self._metrics(hits)
        return coverage

    def _metrics(self, hits: Sequence[int]) -> dict[Metric, Tally]:
        """`Coverage.metrics` of the points with these hits; none is excluded."""
        tallies = {}
        for metric, (single, several) in self._groups.items():
            hit = sum(1 for position in single if hits[position])
            hit += sum(1 for positions in several if any(hits[position] for position in positions))
            tallies[metric] = Tally(hit, len(single) + len(several))
        return tallies

    @cached_property
    def _groups(self) -> dict[Metric, tuple[list[int], list[list[int]]]]:
        """Per metric the positions of the things to hit: of those that stand alone, and of merged ones."""
        found: dict[Metric, tuple[list[int], list[list[int]]]] = {metric: ([], []) for metric in Metric}
        for group in merged(self.points):
            single, several = found[self.points[group[0]].metric]
            if len(group) == 1:
                single.append(group[0])
            else:
                several.append(group)
        return found


def _hit(point: Point, hits: int) -> Point:
    # As `dataclasses.replace`, which takes six times as long.
    return Point(
        point.metric,
        point.file,
        point.line,
        point.column,
        point.module,
        point.instances,
        point.what,
        point.lines,
        hits,
    )


def lay_out(records: Iterable[Record], *, top: str, instance: str, testbench: str = "") -> Layout:
    """Find the DUT's points among all.

    The DUT is the instance called `instance` of module `top` that stands highest, else the only instance of
    `top` whatever its name. Paths in the answer start with `instance` in either case, so that points keep
    their identity from one testbench to the next; `simulated_as` has the true path.

    Args:
        records: one per instance and thing to hit.
        top: the DUT's module.
        instance: the name the DUT instance should have.
        testbench: the testbench's file name; points from that file never count, wherever they stand.

    Raises:
        NoCoverageError: there are no points of the DUT.
    """
    records = [each for each in records if each.file != testbench or not testbench]
    modules = _modules(each for each in records if each.metric in _PLAIN) or _modules(records)
    root = _find_dut(modules, top, instance)
    found: dict[tuple[object, ...], tuple[Point, list[int]]] = {}
    for point, counter in _points(records, modules, root, instance):
        # All but the hits, so that the order of points does not hang on that of the records.
        key = (point.file, point.line, point.column, point.metric, point.what, point.instances)
        found.setdefault((*key, point.module, point.lines), (point, []))[1].append(counter)
    if not found:
        raise NoCoverageError(f"No coverage point lies in `{root}`.")
    ordered = [found[key] for key in sorted(found)]
    return Layout(
        tuple(point for point, _ in ordered),
        tuple(counters[0] for _, counters in ordered),
        tuple((place, tuple(all_[1:])) for place, (_, all_) in enumerate(ordered) if len(all_) > 1),
        instance,
        root,
    )


def _modules(records: Iterable[Record]) -> dict[str, str]:
    """Module of each path that has points."""
    modules: dict[str, str] = {}
    for each in records:
        # Whichever order the records come in, the answer is the same.
        if each.module > modules.get(each.path, ""):
            modules[each.path] = each.module
    return modules


def _find_dut(modules: dict[str, str], top: str, instance: str) -> str:
    """Path of the DUT among the paths of all instances.

    Raises:
        NoCoverageError: there is none, or several and none has the right name.
    """
    candidates = [path for path, module in modules.items() if top in (module, without_suffix(module))]
    if not candidates:
        # With toggle coverage off a DUT that only wires others together has no points of its own.
        candidates = _wrappers(modules, instance)
    # A module that instantiates itself: the outermost one is meant.
    outermost = _highest(
        path for path in candidates if not any(path.startswith(f"{other}.") for other in candidates)
    )
    named = [path for path in outermost if path.rpartition(".")[2] == instance]
    if named:
        return named[0]
    if len(outermost) == 1:
        return outermost[0]
    if outermost:
        names = ", ".join(f"`{path}`" for path in outermost[:5])
        raise NoCoverageError(f"Several instances of `{top}` run ({names}) and none is called `{instance}`.")
    raise NoCoverageError(f"No instance of `{top}` has coverage points.")


def _wrappers(modules: dict[str, str], instance: str) -> list[str]:
    """Paths that end in `instance`, have no points of their own, and stand above others that have."""
    found = []
    for path in modules:
        parts = path.split(".")
        above = [".".join(parts[:depth]) for depth in range(2, len(parts)) if parts[depth - 1] == instance]
        found += [prefix for prefix in above if prefix not in modules]
    return found


def _highest(paths: Iterable[str]) -> list[str]:
    return sorted(set(paths), key=lambda path: (path.count("."), path))


def _points(
    records: Iterable[Record], modules: dict[str, str], root: str, instance: str
) -> Iterator[tuple[Point, int]]:
    below = f"{root}."
    paths: dict[str, tuple[str, ...]] = {}
    for each in records:
        path, what, module = each.path, each.what, each.module
        if path != root and not path.startswith(below):
            continue
        if each.metric not in _PLAIN:
            inside = path.rpartition(".")[0] if each.metric in _FSM else path
            owner = _nearest(inside, modules, root)
            if each.metric in _FSM:
                what = what.removeprefix(f"{owner}.")
            path, module = owner, modules.get(owner, module)
        where = paths.setdefault(path, (instance + path[len(root) :],))
        yield (
            Point(each.metric, each.file, each.line, each.column, module, where, what, each.lines),
            each.counter,
        )


def _nearest(path: str, modules: dict[str, str], root: str) -> str:
    """The instance a scope inside an instance (a generate block, say) belongs to."""
    nearest = path
    while nearest not in modules and len(nearest) > len(root):
        nearest = nearest.rpartition(".")[0]
    return nearest if nearest in modules else path if not modules else root
