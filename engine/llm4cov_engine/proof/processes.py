"""The processes of an elaborated design, and what each of them reads and writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyslang.ast import (
    DefinitionKind,
    ExpressionKind,
    ProceduralBlockKind,
    StatementKind,
    SymbolKind,
    TimingControlKind,
    VisitAction,
)

from llm4cov_engine.elaboration.netlist import SELECTIONS, path_of, stripped, symbol_of

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(slots=True)
class Access:
    """What a piece of code does with signals, by their paths.

    Attributes:
        blocking, nonblocking: signals it assigns that way; continuous assignments are blocking ones.
        loop: signals that a loop in it gives their first value.
        delays: delays of its nonblocking assignments, as text; "" for none.
        waits: it waits for something where it stands.
        calls: user's functions and tasks it calls, and system ones.
        far: names with a path, of a generate block or of another instance.
        symbols: the symbols of all these paths.
    """

    reads: set[str] = field(default_factory=set)
    blocking: set[str] = field(default_factory=set)
    nonblocking: set[str] = field(default_factory=set)
    loop: set[str] = field(default_factory=set)
    delays: set[str] = field(default_factory=set)
    waits: list[Any] = field(default_factory=list)
    odd: list[Any] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)
    system: set[str] = field(default_factory=set)
    unknown: bool = False
    far: list[Any] = field(default_factory=list)
    symbols: dict[str, Any] = field(default_factory=dict)

    @property
    def writes(self) -> set[str]:
        """Everything it assigns."""
        return self.blocking | self.nonblocking


@dataclass(slots=True)
class Process:
    """One process: a procedural block, a continuous assignment, a connection.

    Attributes:
        node: the symbol, for its place; None for a connection.
        levels: signals a list of levels names; None for a process without one.
        edges: how many edges it waits for; 0 for a combinational one.
    """

    access: Access
    node: Any = None
    kind: str = "assign"
    levels: set[str] | None = None
    edges: int = 0

    @property
    def is_clocked(self) -> bool:
        """Whether edges start it."""
        return self.edges > 0


def read_processes(top: Any) -> list[Process]:
    """Every process of a hierarchy, in source order."""
    found: list[Process] = []

    def see(node: Any) -> VisitAction:
        kind = node.kind
        if kind == SymbolKind.GenerateBlock and node.isUninstantiated:
            return VisitAction.Skip
        if kind == SymbolKind.ProceduralBlock:
            if not _is_claim(node.body):
                found.append(_block(node))
            return VisitAction.Skip
        if kind == SymbolKind.ContinuousAssign:
            access = Access()
            _Reader(access).expression(node.assignment)
            if node.delay is not None:
                access.waits.append(node)
            found.append(Process(access, node))
            return VisitAction.Skip
        if kind == SymbolKind.Net and node.initializer is not None:
            found.append(_driven(node, node.initializer))
        elif kind == SymbolKind.Instance:
            found.extend(_connections(node))
        elif kind == SymbolKind.PrimitiveInstance:
            access = Access()
            for each in node.portConnections:
                _Reader(access).expression(each)
            found.append(Process(access, node))
        elif kind == SymbolKind.Subroutine:
            return VisitAction.Skip
        return VisitAction.Advance

    top.visit(see)
    for process in found:
        process.access.odd += [
            each for each in process.access.far if _is_elsewhere(each.symbol, process.node)
        ]
    return found


def _is_elsewhere(symbol: Any, node: Any) -> bool:
    """Whether a signal is in another module, into which the prover's front ends do not follow."""
    if node is None:
        return False
    there, here = symbol.declaringDefinition, node.declaringDefinition
    if there is None or here is None or there.definitionKind == DefinitionKind.Interface:
        return False
    return bool(there.name != here.name)


def _driven(symbol: Any, expression: Any) -> Process:
    access = Access()
    _Reader(access).expression(expression)
    path = path_of(symbol)
    access.blocking.add(path)
    access.symbols[path] = symbol
    return Process(access, symbol)


def _connections(instance: Any) -> Iterable[Process]:
    for connection in instance.portConnections:
        inner = getattr(connection.port, "internalSymbol", None)
        expression = connection.expression
        if inner is None or expression is None:
            continue
        if expression.kind == ExpressionKind.Assignment:
            access = Access()
            _Reader(access).target(expression.left, access.blocking)
            path = path_of(inner)
            access.reads.add(path)
            access.symbols[path] = inner
            yield Process(access, kind="connection")
        else:
            process = _driven(inner, expression)
            process.node, process.kind = None, "connection"
            yield process


_CLAIMS = (StatementKind.ConcurrentAssertion, StatementKind.ImmediateAssertion)
"""What looks at the design and has no part in what it does, but for what it runs when it fails."""


def _is_claim(body: Any) -> bool:
    """Whether a block is nothing but an assertion; a name makes a block of its own around it."""
    while body.kind == StatementKind.Block:
        body = body.body
    return body.kind in _CLAIMS


_KINDS = {
    ProceduralBlockKind.Initial: "initial",
    ProceduralBlockKind.Final: "final",
}


def _block(node: Any) -> Process:
    process = Process(Access(), node, _KINDS.get(node.procedureKind, "always"))
    reader = _Reader(process.access)
    body = node.body
    is_timed = body.kind == StatementKind.Timed
    if process.kind == "always" and node.procedureKind in (
        ProceduralBlockKind.Always,
        ProceduralBlockKind.AlwaysFF,
    ):
        if not is_timed:
            process.access.waits.append(node)
        else:
            _events(process, body.timing)
            body = body.stmt
    reader.statement(body)
    return process


def _events(process: Process, timing: Any) -> None:
    if timing.kind == TimingControlKind.EventList:
        for event in timing.events:
            _events(process, event)
    elif timing.kind == TimingControlKind.SignalEvent:
        if timing.edge.name in ("PosEdge", "NegEdge"):
            process.edges += 1
        elif (symbol := symbol_of(timing.expr)) is not None and timing.edge.name == "None_":
            process.levels = (process.levels or set()) | {path_of(symbol)}
        else:
            process.access.waits.append(timing)
        if timing.iffCondition is not None:
            process.access.odd.append(timing)
    elif timing.kind != TimingControlKind.ImplicitEvent:
        process.access.waits.append(timing)


_WAITING = frozenset(
    (
        "Timed",
        "Wait",
        "WaitFork",
        "WaitOrder",
        "EventTrigger",
        "DisableFork",
        "ForeverLoop",
        "ProceduralChecker",
    )
)
_ODD = frozenset(("ProceduralAssign", "ProceduralDeassign", "RandCase", "RandSequence", "PatternCase"))


class _Reader:
    """Collects what statements and expressions read and write."""

    def __init__(self, access: Access, seen: set[str] | None = None) -> None:
        self.access = access
        self.seen = seen if seen is not None else set()

    def statement(self, body: Any) -> None:
        body.visit(self._see)

    expression = statement

    def _see(self, node: Any) -> VisitAction:
        kind, access = node.kind, self.access
        if isinstance(kind, StatementKind):
            if kind.name in _WAITING:
                access.waits.append(node)
            elif kind.name in _ODD:
                access.odd.append(node)
            elif kind in _CLAIMS:
                for action in (node.ifTrue, node.ifFalse):
                    if action is not None:
                        self.statement(action)
                return VisitAction.Skip
            elif kind == StatementKind.ForLoop:
                for each in node.initializers:
                    if each.kind == ExpressionKind.Assignment:
                        self.target(each.left, access.loop)
        elif kind == ExpressionKind.Assignment:
            self._assignment(node)
            return VisitAction.Skip
        elif kind in (ExpressionKind.NamedValue, ExpressionKind.HierarchicalValue):
            self._far(node)
            self._note(node.symbol, access.reads)
        elif kind == ExpressionKind.Call:
            self._call(node)
        elif kind in (ExpressionKind.IntegerLiteral, ExpressionKind.UnbasedUnsizedIntegerLiteral):
            access.unknown |= _has_unknown(node)
        elif kind == ExpressionKind.UnaryOp and node.op.name in STEPS:
            self.target(node.operand, access.blocking)
        return VisitAction.Advance

    def _far(self, node: Any) -> None:
        if node.kind == ExpressionKind.HierarchicalValue:
            self.access.far.append(node)

    def _note(self, symbol: Any, into: set[str]) -> None:
        if symbol.kind in (SymbolKind.Parameter, SymbolKind.EnumValue, SymbolKind.Genvar):
            return
        path = path_of(symbol)
        into.add(path)
        self.access.symbols.setdefault(path, symbol)

    def _assignment(self, node: Any) -> None:
        access = self.access
        if node.timingControl is not None:
            access.delays.add(str(node.timingControl.syntax).strip())
            if not node.isNonBlocking:
                access.waits.append(node)
        elif node.isNonBlocking:
            access.delays.add("")
        self.target(node.left, access.nonblocking if node.isNonBlocking else access.blocking)
        if node.isCompound:
            self.target(node.left, access.reads)
        self.expression(node.right)

    def target(self, left: Any, into: set[str]) -> None:
        """Note the signals an expression names as a target, and its indices as read."""
        left = stripped(left)
        if left.kind == ExpressionKind.Concatenation:
            for operand in left.operands:
                self.target(operand, into)
        elif left.kind in SELECTIONS:
            for name in ("selector", "left", "right"):
                inner = getattr(left, name, None)
                if inner is not None:
                    self.expression(inner)
            self.target(left.value, into)
        elif left.kind in (ExpressionKind.NamedValue, ExpressionKind.HierarchicalValue):
            self._far(left)
            self._note(left.symbol, into)
        elif left.kind != ExpressionKind.EmptyArgument:
            self.access.odd.append(left)

    def _call(self, node: Any) -> None:
        name = str(node.subroutineName)
        if node.isSystemCall:
            self.access.system.add(name)
            return
        self.access.calls.add(name)
        if name in self.seen:
            return
        self.seen.add(name)
        body = getattr(node.subroutine, "body", None)
        if body is not None:
            _Reader(self.access, self.seen).statement(body)
        for argument in node.arguments:
            if argument.kind == ExpressionKind.Assignment:
                self.target(argument.left, self.access.blocking)


STEPS = frozenset(("Preincrement", "Predecrement", "Postincrement", "Postdecrement"))


def _has_unknown(node: Any) -> bool:
    text = str(node.syntax).strip().lower() if node.syntax is not None else ""
    return "'" in text and any(letter in text.partition("'")[2] for letter in "xz?")


def signals_of(timing: Any) -> set[str]:
    """Paths of the signals that an event control names."""
    if timing.kind == TimingControlKind.EventList:
        return {path for event in timing.events for path in signals_of(event)}
    if timing.kind == TimingControlKind.SignalEvent and (symbol := symbol_of(timing.expr)) is not None:
        return {path_of(symbol)}
    return set()
