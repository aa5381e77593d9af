"""What the RTL itself says about its signals and branches: why nobody has seen them change or run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from llm4cov_engine.coverage.blocks import Place
from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.design.identity import ByDigest
from llm4cov_engine.proof.slow import Dependences, Slowness, clocks_of, is_bit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyslang.ast import VisitAction

    from llm4cov_engine.coverage.point import Point
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.elaboration.spans import Places
    from llm4cov_engine.elaboration.values import Values
    from llm4cov_engine.proof.processes import Access, Process

_KEPT = 16

_ONCE = ("initial", "final")

_WRITING = ("$readmem", "$value", "$cast", "$sscanf")
"""How system tasks begin that write into their arguments."""

_WIDEST_CASE = 12
"""Bits of an expression whose every value a case statement may name."""

_NAME = re.compile(r"[A-Za-z_][\w$]*")


@dataclass(frozen=True)
class Facts:
    """Signals by their path below the top, without the top's own name.

    Attributes:
        signals: all of them.
        written: something assigns them, outside of declarations and initial blocks.
        initialised: a declaration or an initial block gives them a value.
        ports: of the top.
        loops: they only count the steps of loops.
        slowness: what they depend on, and which of them count.
        asked: what the conditions of branches read, by their places.
        constants: everything ever assigned to them is constant.
        zeros: nothing but 0 is ever assigned to them, and an asynchronous reset does.
        complete: places of defaults of case statements that name every value already.
        trusted: everything that could write a signal was understood.
    """

    signals: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    initialised: frozenset[str] = frozenset()
    ports: frozenset[str] = frozenset()
    loops: frozenset[str] = frozenset()
    slowness: Slowness = field(default_factory=Slowness)
    asked: Mapping[Place, frozenset[str]] = field(default_factory=dict)
    constants: frozenset[str] = frozenset()
    zeros: frozenset[str] = frozenset()
    complete: frozenset[Place] = frozenset()
    trusted: bool = False

    def path(self, point: Point) -> str:
        """The path of the signal a toggle point is of; "" for a name that is no plain one."""
        parts = point.what.rpartition(":")[0].split(".")
        for number, part in enumerate(parts):
            # A name before a dot is that of a generate block or of a struct, which is a signal itself.
            if (match := _NAME.match(part)) is not None:
                path = self.inside(point.instance, ".".join((*parts[:number], match[0])))
                if path in self.signals:
                    return path
        return ""

    def inside(self, instance: str, name: str) -> str:
        """The path of a signal of an instance, which begins with that of the DUT."""
        below = instance.partition(".")[2]
        return f"{below}.{name}" if below else name

    def is_idle(self, point: Point) -> bool:
        """Whether nothing whatever gives the signal of a toggle point a value."""
        path = self.path(point)
        known = self.written | self.initialised | self.ports
        return self.trusted and bool(path) and path not in known

    def is_zero(self, point: Point) -> bool:
        """Whether the signal of a toggle point is a register that is 0 from its reset on, and from time 0."""
        path = self.path(point)
        return point.metric is Metric.TOGGLE and self.trusted and path in self.zeros - self.initialised

    def rules_out(self, point: Point) -> bool:
        """Whether the RTL alone says that a point is never hit in a simulation of two states."""
        if point.metric is Metric.TOGGLE:
            return self.is_idle(point)
        return point.what == "case" and (point.file, point.line, point.column) in self.complete


def facts_of(design: Design) -> Facts:
    """Facts of a design; the answer for one seen before comes from memory.

    Raises:
        ElaborationError: the design cannot be elaborated.
    """
    return _facts(ByDigest(design))


@lru_cache(maxsize=_KEPT)
def _facts(key: ByDigest) -> Facts:
    from llm4cov_engine.elaboration.compilation import compiled
    from llm4cov_engine.elaboration.refusal import usable_top
    from llm4cov_engine.elaboration.values import Values
    from llm4cov_engine.proof.processes import read_processes

    unit = compiled(key.design)
    top = usable_top(key.design, unit)
    processes = read_processes(top)
    code = _Code(Values(top), unit.reader.places)
    top.visit(code.see)
    code.dependences.connections(processes)
    ports = _ports(top)
    started = [each.access for each in processes if each.kind in _ONCE]
    running = [each.access for each in processes if each.kind not in _ONCE]
    written = {path for access in running for path in access.writes - access.loop}
    loops = {path for access in running for path in access.loop}
    initialised = {path for access in started for path in access.writes} | code.initialised
    constants = code.assigned - code.varying
    return Facts(
        signals=_below(code.signals),
        written=_below(written),
        initialised=_below(initialised),
        ports=_below(ports),
        loops=_below(loops - written),
        slowness=Slowness(
            _relation(code.dependences.values),
            _relation(code.dependences.conditions),
            _relation(clocks_of(processes, ports)),
            {_without_top(path): width for path, width in code.dependences.counters().items()},
        ),
        constants=_below(constants),
        zeros=_below(constants & _reset_alone(processes) - code.other_than_zero - ports),
        asked={place: _below(names) for place, names in code.asked.items()},
        complete=frozenset(code.complete - code.incomplete),
        trusted=not code.is_odd and not any(_is_odd(each.access) for each in processes),
    )


def _without_top(path: str) -> str:
    return path.partition(".")[2]


def _below(paths: Iterable[str]) -> frozenset[str]:
    return frozenset(map(_without_top, paths))


def _relation(relation: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    return {_without_top(path): _below(others) for path, others in relation.items()}


def _ports(top: Any) -> set[str]:
    from pyslang.ast import SymbolKind

    from llm4cov_engine.elaboration.netlist import path_of

    return {path_of(port) for port in top.body.portList if port.kind == SymbolKind.Port}


def _is_odd(access: Access) -> bool:
    """Whether code may write what it does not name."""
    return bool(access.odd) or any(name.startswith(_WRITING) for name in access.system)


def _reset_alone(processes: list[Process]) -> set[str]:
    """Registers with an asynchronous reset that one process assigns and no other."""
    writers = Counter(path for process in processes for path in process.access.writes)
    return {
        path
        for process in processes
        if process.edges > 1
        for path in process.access.nonblocking - process.access.blocking
        if writers[path] == 1
    }


class _Code:
    """What declarations and statements say, node by node.

    Attributes:
        assigned: something assigns them.
        varying: something that is not constant is assigned to them.
        other_than_zero: something is that is not 0.
        is_odd: something in it may write a signal under another name.
        signals, initialised, complete, asked: as in `Facts`, by the whole path.
        incomplete: places of defaults that something is left for, in one instance or another.
    """

    def __init__(self, values: Values, places: Places) -> None:
        self.values = values
        self.places = places
        self.signals: set[str] = set()
        self.assigned: set[str] = set()
        self.varying: set[str] = set()
        self.other_than_zero: set[str] = set()
        self.initialised: set[str] = set()
        self.complete: set[Place] = set()
        self.incomplete: set[Place] = set()
        self.dependences = Dependences()
        self.asked: dict[Place, set[str]] = {}
        self.is_odd = False

    def see(self, node: Any) -> VisitAction:
        """Look at one node of the elaborated design; for its `visit`."""
        from pyslang.ast import ExpressionKind, StatementKind, SymbolKind, VisitAction

        from llm4cov_engine.elaboration.netlist import path_of
        from llm4cov_engine.proof.processes import STEPS

        if node.kind == SymbolKind.GenerateBlock and node.isUninstantiated:
            return VisitAction.Skip
        if node.kind in (SymbolKind.Variable, SymbolKind.Net):
            self.signals.add(path_of(node))
            if node.initializer is not None:
                self.initialised.add(path_of(node))
        elif node.kind in (SymbolKind.InterfacePort, SymbolKind.NetAlias):
            self.is_odd = True
        elif node.kind == ExpressionKind.Assignment:
            self._assignment(node)
        elif node.kind in (StatementKind.Case, StatementKind.Conditional):
            names = self.dependences.decision(node)
            if node.kind == StatementKind.Case:
                self._case(node)
            elif node.syntax is not None and hasattr(node.syntax, "ifKeyword"):
                place = self.places.point(node.syntax.ifKeyword.location)
                if place is None:
                    return VisitAction.Advance
                # The simulator puts the branch that is not taken one column further.
                for shift in (0, 1):
                    self.asked.setdefault((place.file, place.line, place.column + shift), set()).update(names)
        elif node.kind == ExpressionKind.UnaryOp and node.op.name in STEPS:
            node.operand.visit(self._vary)
        return VisitAction.Advance

    def _assignment(self, node: Any) -> None:
        from pyslang.ast import BinaryOperator, ExpressionKind

        from llm4cov_engine.elaboration.netlist import path_of, stripped, symbol_of

        self.dependences.assignment(node.left, node.right)
        target = symbol_of(node.left)
        if target is None:
            # Parts of a concatenation, each of which gets a part of the value.
            node.left.visit(self._vary)
            return
        path = path_of(target)
        self.assigned.add(path)
        right = stripped(node.right)
        if not self.values.is_constant(right) or node.isCompound:
            self.varying.add(path)
        if self.values.integer(node.right) != 0 or node.isCompound:
            self.other_than_zero.add(path)
        if right.kind == ExpressionKind.BinaryOp and right.op in (
            BinaryOperator.Add,
            BinaryOperator.Subtract,
        ):
            source = symbol_of(right.left)
            if source is not None and (self.values.integer(right.right) == 1 or is_bit(right.right)):
                self.dependences.step(path, path_of(source), int(node.left.type.bitWidth))

    def _vary(self, node: Any) -> None:
        from llm4cov_engine.elaboration.netlist import path_of, symbol_of

        target = symbol_of(node) if hasattr(node, "type") else None
        if target is not None:
            self.varying.add(path_of(target))

    def _case(self, node: Any) -> None:
        if node.defaultCase is None:
            return
        found = self.complete if self._names_all(node) else self.incomplete
        for item in node.syntax.items:
            if item.kind.name == "DefaultCaseItem":
                place = self.places.point(item.defaultKeyword.location)
                if place is not None:
                    found.add((place.file, place.line, place.column))

    def _names_all(self, node: Any) -> bool:
        """Whether the items of a case statement leave nothing for its default."""
        width = int(node.expr.type.bitWidth)
        if width > _WIDEST_CASE:
            return False
        named = {self.values.integer(each) for item in node.items for each in item.expressions}
        return None not in named and len(named) >= 1 << width
