"""Verilator's coverage.dat, read into a `Coverage`.

The file is text: a header, then one line `C '<keys>' <count>` per point, keys and values set apart by the
bytes 1 and 2 (`VerilatedCovImp::write` in Verilator's runtime). It must have been written with
`forcePerInstance(true)`, so that every point carries the hierarchical path it belongs to.

What counts as the DUT's: whatever stands at or below the DUT instance in the instance hierarchy, interfaces
and bound modules included, but nothing that comes from the testbench's own file. Functions of packages stand
below nobody and are not counted; Verilator 5.048 instruments none.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from llm4cov_engine.coverage.coverage import Coverage
from llm4cov_engine.coverage.point import Metric, Point, without_suffix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEADER = b"# SystemC::Coverage-"
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

# The runtime writes a character it cannot print as %XX, a byte above 127 as %FFFFFFXX (a signed char).
_QUOTED = re.compile(r"(?:%(?:FFFFFF)?[0-9A-F]{2})+")
_QUOTED_BYTE = re.compile(r"%(?:FFFFFF)?([0-9A-F]{2})")
# Names of signals and scopes are encoded for C++ ("a__b" is "a___05Fb", "a.b" is "a__02eb").
_ENCODED = re.compile(r"__0([0-9a-fA-F]{2})")


class NoCoverageError(ValueError):
    """The data says nothing about the DUT; the message is a sentence that says why."""


class _Record(NamedTuple):
    """One line of the file; `path` is the full path as the simulation has it, "" for none."""

    metric: Metric
    file: str
    line: int
    column: int
    module: str
    path: str
    what: str
    lines: str
    hits: int


def parse(data: bytes, *, top: str, instance: str, testbench: str = "") -> Coverage:
    """Read the coverage of the DUT out of a coverage.dat.

    The DUT is the instance called `instance` of module `top` that stands highest, else the only instance of
    `top` whatever its name. Paths in the answer start with `instance` in either case, so that points keep
    their identity from one testbench to the next; `Coverage.simulated_as` has the true path.

    Args:
        data: the whole file, written with one point per instance.
        top: the DUT's module.
        instance: the name the DUT instance should have.
        testbench: the testbench's file name; points from that file never count, wherever they stand.

    Raises:
        NoCoverageError: the file is damaged, or it has no points of the DUT.
    """
    records = [record for record in _records(data) if record.file != testbench or not testbench]
    modules = {record.path: record.module for record in records if record.metric in _PLAIN}
    root = _find_dut(modules or {record.path: record.module for record in records}, top, instance)
    merged: dict[tuple[object, ...], Point] = {}
    for point in _points(records, modules, root, instance):
        key = (*point.identity, point.module, point.lines)
        seen = merged.get(key)
        merged[key] = point if seen is None else replace(seen, hits=seen.hits + point.hits)
    if not merged:
        raise NoCoverageError(f"No coverage point lies in `{root}`.")
    return Coverage(tuple(sorted(merged.values(), key=_order)), path=instance, simulated_as=root)


def _order(point: Point) -> tuple[object, ...]:
    return (point.file, point.line, point.column, point.metric, point.what, point.instances)


def _records(data: bytes) -> Iterator[_Record]:
    if not data.startswith(_HEADER):
        raise NoCoverageError("The coverage file is empty or not one of Verilator's.")
    text = data.decode("utf-8", "replace")
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        try:
            yield _record(line)
        except (ValueError, KeyError):
            raise NoCoverageError(f"Line {number} of the coverage file is damaged.") from None


def _record(line: str) -> _Record:
    head, _, count = line.rpartition("' ")
    if not head.startswith("C '\x01"):
        raise ValueError(line)
    keys = dict([item.split("\x02", 1) for item in head[4:].split("\x01")])
    if "%" in head:
        keys = {name: _unquoted(value) for name, value in keys.items()}
    metric = _METRICS.get(keys["t"], Metric.USER)
    what = keys.get("o", "")
    path = keys.get("h", "").removeprefix("TOP.").lstrip(".")
    if metric in _FSM:
        # The hierarchy key of an FSM point is of no use: "TOP", or two paths run together. The variable's
        # full path says where the machine is; Verilator repeats it in front of the comment.
        path = keys.get("Fv") or what.partition("::")[0]
    elif metric is Metric.TOGGLE:
        what = _decoded(what)
    elif metric is Metric.USER:
        path = _decoded(path.replace("__DOT__", ".").replace("__BRA__", "[").replace("__KET__", "]"))
        path = path.removesuffix(f".{what}")
    return _Record(
        metric,
        keys["f"],
        int(keys["l"]),
        int(keys.get("n") or 0),
        keys["page"].partition("/")[2],
        path,
        what,
        keys.get("S", ""),
        int(count),
    )


def _unquoted(value: str) -> str:
    def character(match: re.Match[str]) -> str:
        codes = _QUOTED_BYTE.findall(match.group())
        return bytes(int(code, 16) for code in codes).decode("utf-8", "replace")

    return _QUOTED.sub(character, value)


def _decoded(name: str) -> str:
    return _ENCODED.sub(lambda match: chr(int(match.group(1), 16)), name) if "__0" in name else name


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


def _points(records: Iterable[_Record], modules: dict[str, str], root: str, instance: str) -> Iterator[Point]:
    below = f"{root}."
    for record in records:
        path, what, module = record.path, record.what, record.module
        if path != root and not path.startswith(below):
            continue
        if record.metric not in _PLAIN:
            inside = path.rpartition(".")[0] if record.metric in _FSM else path
            owner = _nearest(inside, modules, root)
            if record.metric in _FSM:
                what = what.removeprefix(f"{owner}.")
            path, module = owner, modules.get(owner, module)
        where = instance + path[len(root) :]
        yield Point(
            record.metric,
            record.file,
            record.line,
            record.column,
            module,
            (where,),
            what,
            record.lines,
            record.hits,
        )


def _nearest(path: str, modules: dict[str, str], root: str) -> str:
    """The instance a scope inside an instance (a generate block, say) belongs to."""
    nearest = path
    while nearest not in modules and len(nearest) > len(root):
        nearest = nearest.rpartition(".")[0]
    return nearest if nearest in modules else path if not modules else root
