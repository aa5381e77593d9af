"""What the RTL itself says about its signals and branches: why nobody has seen them change or run."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from llm4cov_engine.coverage.blocks import Place
from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.design.identity import ByDigest

if TYPE_CHECKING:
    from llm4cov_engine.coverage.point import Point
    from llm4cov_engine.design.design import Design

_KEPT = 16

_NAME = re.compile(r"[A-Za-z_][\w$]*")


@dataclass(frozen=True)
class Facts:
    """Signals by their path below the top, without the top's own name.

    Attributes:
        written: something assigns them, outside of declarations and initial blocks.
        initialised: a declaration or an initial block gives them a value.
        ports: of the top.
        loops: they only count the steps of loops.
        counters: they are increased or decreased by one, with their widths.
        constants: everything ever assigned to them is constant.
        zeros: nothing but 0 is ever assigned to them, and an asynchronous reset does.
        complete: places of defaults of case statements that name every value already.
        trusted: everything that could write a signal was understood.
    """

    written: frozenset[str] = frozenset()
    initialised: frozenset[str] = frozenset()
    ports: frozenset[str] = frozenset()
    loops: frozenset[str] = frozenset()
    counters: dict[str, int] = field(default_factory=dict)
    constants: frozenset[str] = frozenset()
    zeros: frozenset[str] = frozenset()
    complete: frozenset[Place] = frozenset()
    trusted: bool = False

    def path(self, point: Point) -> str:
        """The path of the signal a toggle point is of; "" for a name that is no plain one."""
        match = _NAME.match(point.what)
        if match is None:
            return ""
        instance = point.instance.partition(".")[2]
        return f"{instance}.{match[0]}" if instance else match[0]

    def is_idle(self, point: Point) -> bool:
        """Whether nothing whatever gives the signal of a toggle point a value."""
        path = self.path(point)
        known = self.written | self.initialised | self.ports
        # What looks like a member of a generate block or a struct has its own name elsewhere.
        return self.trusted and bool(path) and path not in known and "." not in point.what.partition(":")[0]

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
    from pyslang.ast import SymbolKind, VisitAction

    from llm4cov_engine.elaboration.compilation import compiled
    from llm4cov_engine.elaboration.netlist import path_of
    from llm4cov_engine.elaboration.refusal import usable_top
    from llm4cov_engine.elaboration.values import Values
    from llm4cov_engine.proof.processes import read_processes

    unit = compiled(key.design)
    top = usable_top(key.design, unit)
    processes = read_processes(top)
    values = Values(top)
    written: set[str] = set()
    initialised: set[str] = set()
    loops: set[str] = set()
    trusted = True
    for process in processes:
        access = process.access
        if process.kind in ("initial", "final"):
            initialised |= access.writes
        else:
            written |= access.writes - access.loop
            loops |= access.loop
        trusted &= not access.odd
        trusted &= not any(
            name.startswith(("$readmem", "$value", "$cast", "$sscanf")) for name in access.system
        )
    ports: set[str] = {path_of(port) for port in top.body.portList if port.kind == SymbolKind.Port}
    complete: set[Place] = set()
    found = _Found(values, unit.reader.places)

    def see(node: Any) -> VisitAction:
        if node.kind == SymbolKind.GenerateBlock and node.isUninstantiated:
            return VisitAction.Skip
        if node.kind == SymbolKind.Variable and node.initializer is not None:
            initialised.add(path_of(node))
        elif node.kind in (SymbolKind.InterfacePort, SymbolKind.NetAlias):
            nonlocal trusted
            trusted = False
        found.note(node)
        return VisitAction.Advance

    top.visit(see)
    complete |= found.complete
    constants = {path for path, each in found.assigned.items() if each and path not in found.varying}

    reset = {
        path
        for process in processes
        if process.edges > 1
        for path in process.access.nonblocking - process.access.blocking
    }
    several = Counter(path for process in processes for path in process.access.writes)
    zeros = {path for path in constants & reset - found.other_than_zero - ports if several[path] == 1}

    def below(paths: set[str]) -> frozenset[str]:
        return frozenset(path.partition(".")[2] for path in paths)

    return Facts(
        written=below(written),
        initialised=below(initialised),
        ports=below(ports),
        loops=below(loops - written),
        counters={path.partition(".")[2]: width for path, width in found.counters.items()},
        constants=below(constants),
        zeros=below(zeros),
        complete=frozenset(complete),
        trusted=trusted,
    )


class _Found:
    """Counters, constants and complete case statements, node by node."""

    def __init__(self, values: Any, places: Any) -> None:
        self.values = values
        self.places = places
        self.counters: dict[str, int] = {}
        self.assigned: dict[str, int] = {}
        self.varying: set[str] = set()
        self.other_than_zero: set[str] = set()
        self.complete: set[Place] = set()

    def note(self, node: Any) -> None:
        """Look at one node of the elaborated design."""
        from pyslang.ast import ExpressionKind, StatementKind

        from llm4cov_engine.proof.processes import STEPS

        if node.kind == ExpressionKind.Assignment:
            self._assignment(node)
        elif node.kind == StatementKind.Case:
            self._case(node)
        elif node.kind == ExpressionKind.UnaryOp and node.op.name in STEPS:
            node.operand.visit(self._vary)

    def _assignment(self, node: Any) -> None:
        from pyslang.ast import BinaryOperator, ExpressionKind

        from llm4cov_engine.elaboration.netlist import path_of, stripped, symbol_of

        target = symbol_of(node.left)
        if target is None:
            # Parts of a concatenation, each of which gets a part of the value.
            node.left.visit(self._vary)
            return
        path = path_of(target)
        self.assigned[path] = self.assigned.get(path, 0) + 1
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
            if source is not None and path_of(source) == path and self.values.integer(right.right) == 1:
                self.counters[path] = int(node.left.type.bitWidth)

    def _vary(self, node: Any) -> None:
        from llm4cov_engine.elaboration.netlist import path_of, symbol_of

        target = symbol_of(node) if hasattr(node, "type") else None
        if target is not None:
            self.varying.add(path_of(target))

    def _case(self, node: Any) -> None:
        if node.defaultCase is None:
            return
        width = int(node.expr.type.bitWidth)
        if width > 12:
            return
        named = {self.values.integer(each) for item in node.items for each in item.expressions}
        if len(named - {None}) < 1 << width or None in named:
            return
        for item in node.syntax.items:
            if item.kind.name == "DefaultCaseItem":
                place = self.places.point(item.defaultKeyword.location)
                if place is not None:
                    self.complete.add((place.file, place.line, place.column))
