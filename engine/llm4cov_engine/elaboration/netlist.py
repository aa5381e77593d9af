"""One walk over an elaborated design, and what it leaves for clocks, resets and constants to be read from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyslang.ast import (
    ExpressionKind,
    ProceduralBlockKind,
    StatementKind,
    SymbolKind,
    TimingControlKind,
    VisitAction,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyslang.ast import InstanceSymbol

# pyslang's own types overlap too much to help here: what a node is, its kind says. Hence `Any` for nodes.


@dataclass(frozen=True, slots=True)
class EdgeEvent:
    """An edge in an event control: the expression and whether it is its rising edge."""

    expression: Any
    rising: bool


@dataclass(frozen=True, slots=True)
class ClockedBlock:
    """A procedural block that waits for edges.

    Attributes:
        events: the edges it waits for, in source order.
        body: what it does then.
    """

    events: tuple[EdgeEvent, ...]
    body: Any


@dataclass(frozen=True, slots=True)
class Driver:
    """What drives a signal from outside of procedural code.

    Attributes:
        source: an expression (the right side of a continuous assignment, the connection of an input port),
            or a symbol (the inner side of an output port).
        inverts: True behind a primitive like `not`.
        target: the left side of a continuous assignment, which may be part of the signal only; else None.
    """

    source: Any
    inverts: bool = False
    target: Any = None


@dataclass(slots=True)
class Netlist:
    """Blocks, drivers and comparisons of a whole hierarchy; symbols are named by their hierarchical paths.

    Attributes:
        blocks: clocked blocks.
        combinational: bodies of the other always blocks.
        drivers: what drives a signal, in source order.
        registers: the clocked block that writes a signal; the first one where several do.
        comparisons: expressions and statements that compare something, in source order of each instance.
        image_names: expressions for the names of memory images.
    """

    blocks: list[ClockedBlock] = field(default_factory=list)
    combinational: list[Any] = field(default_factory=list)
    drivers: dict[str, list[Driver]] = field(default_factory=dict)
    registers: dict[str, ClockedBlock] = field(default_factory=dict)
    comparisons: list[Any] = field(default_factory=list)
    image_names: list[Any] = field(default_factory=list)

    def drive(self, symbol: Any, source: Any, inverts: bool = False, target: Any = None) -> None:
        """Note one more driver of a signal."""
        self.drivers.setdefault(path_of(symbol), []).append(Driver(source, inverts, target))


def read_netlist(top: InstanceSymbol) -> Netlist:
    """Walk everything below and in the top."""
    netlist = Netlist()
    loop_conditions: set[Any] = set()

    def see(node: Any) -> VisitAction:
        kind = node.kind
        if kind in _COMPARING:
            if node not in loop_conditions:
                netlist.comparisons.append(node)
        elif kind == StatementKind.ForLoop:
            # A loop's bound is no value that a stimulus could aim at.
            loop_conditions.add(node.stopExpr)
        elif kind == SymbolKind.GenerateBlock:
            if node.isUninstantiated:
                return VisitAction.Skip
        elif kind == SymbolKind.ProceduralBlock:
            _read_block(netlist, node)
        elif kind == SymbolKind.ContinuousAssign:
            _read_assignment(netlist, node.assignment)
        elif kind == SymbolKind.Net:
            if node.initializer is not None:
                netlist.drive(node, node.initializer)
        elif kind == SymbolKind.Instance:
            _read_connections(netlist, node)
        elif kind == ExpressionKind.Call:
            if node.subroutineName in ("$readmemh", "$readmemb") and node.arguments:
                netlist.image_names.append(node.arguments[0])
        elif kind == SymbolKind.PrimitiveInstance:
            _read_primitive(netlist, node)
        return VisitAction.Advance

    top.visit(see)
    return netlist


_COMPARING = {
    ExpressionKind.BinaryOp,
    ExpressionKind.Inside,
    StatementKind.Case,
}

_ALWAYS = {ProceduralBlockKind.Always, ProceduralBlockKind.AlwaysFF}


def _read_block(netlist: Netlist, node: Any) -> None:
    """A clocked block and its registers, or the lone assignments of a combinational one."""
    body = node.body
    events: tuple[EdgeEvent, ...] = ()
    if node.procedureKind in _ALWAYS and body.kind == StatementKind.Timed:
        events = _edges(body.timing)
        body = body.stmt
    if events:
        block = ClockedBlock(events, body)
        netlist.blocks.append(block)
        for path in assigned(body):
            netlist.registers.setdefault(path, block)
    elif node.procedureKind in (*_ALWAYS, ProceduralBlockKind.AlwaysComb):
        netlist.combinational.append(body)
        _read_lone_assignment(netlist, body)


def _edges(timing: Any) -> tuple[EdgeEvent, ...]:
    if timing.kind == TimingControlKind.EventList:
        return tuple(edge for event in timing.events for edge in _edges(event))
    if timing.kind == TimingControlKind.SignalEvent and timing.edge.name in ("PosEdge", "NegEdge"):
        return (EdgeEvent(timing.expr, timing.edge.name == "PosEdge"),)
    return ()


def _read_lone_assignment(netlist: Netlist, statement: Any) -> None:
    """`always_comb a = b;` drives like a continuous assignment."""
    for inner in statements(statement):
        if inner.kind == StatementKind.ExpressionStatement and inner.expr.kind == ExpressionKind.Assignment:
            _read_assignment(netlist, inner.expr)


def _read_assignment(netlist: Netlist, assignment: Any) -> None:
    if assignment.kind == ExpressionKind.Assignment and (target := symbol_of(assignment.left)) is not None:
        netlist.drive(target, assignment.right, target=assignment.left)


def _read_connections(netlist: Netlist, instance: Any) -> None:
    for connection in instance.portConnections:
        inner = getattr(connection.port, "internalSymbol", None)
        expression = connection.expression
        if inner is None or expression is None:
            continue
        if expression.kind == ExpressionKind.Assignment:
            # An output is connected as an assignment to whatever it drives outside.
            if (target := symbol_of(expression.left)) is not None:
                netlist.drive(target, inner)
        else:
            netlist.drive(inner, expression)


def _read_primitive(netlist: Netlist, node: Any) -> None:
    """A built-in gate: outputs first, then inputs (IEEE 1800-2023, 28.4 and 28.5)."""
    if (inverts := _PRIMITIVES.get(node.primitiveType.name)) is None:
        return
    connections = list(node.portConnections)
    outputs = [each.left for each in connections if each.kind == ExpressionKind.Assignment]
    inputs = [each for each in connections if each.kind != ExpressionKind.Assignment]
    for output in outputs:
        if (target := symbol_of(output)) is not None:
            for expression in inputs:
                netlist.drive(target, expression, inverts)


_PRIMITIVES = {"buf": False, "and": False, "or": False, "not": True, "nand": True, "nor": True}
"""Gates to follow, and whether they invert."""


def path_of(symbol: Any) -> str:
    """The hierarchical path that names a signal; seen through a modport, it is the interface's own."""
    while symbol.kind == SymbolKind.ModportPort and symbol.internalSymbol is not None:
        symbol = symbol.internalSymbol
    return str(symbol.hierarchicalPath)


def statements(statement: Any) -> list[Any]:
    """The statements directly inside begin/end blocks."""
    if statement.kind == StatementKind.Block:
        return statements(statement.body)
    if statement.kind == StatementKind.List:
        return [inner for item in statement.list for inner in statements(item)]
    return [statement]


def stripped(expression: Any) -> Any:
    """The expression without the conversions pyslang puts around it."""
    while expression.kind == ExpressionKind.Conversion:
        expression = expression.operand
    return expression


def symbol_of(expression: Any) -> Any | None:
    """The signal an expression names, whole or in part; None for anything that is no plain signal."""
    expression = stripped(expression)
    while expression.kind in SELECTIONS:
        expression = stripped(expression.value)
    if expression.kind in (ExpressionKind.NamedValue, ExpressionKind.HierarchicalValue):
        return expression.symbol
    return None


SELECTIONS = {ExpressionKind.ElementSelect, ExpressionKind.RangeSelect, ExpressionKind.MemberAccess}


def assigned(statement: Any) -> dict[str, list[Any]]:
    """Signals assigned anywhere in a statement, path to right sides."""
    found: dict[str, list[Any]] = {}

    def see(node: Any) -> None:
        if node.kind == ExpressionKind.Assignment:
            for target in _targets(node.left):
                found.setdefault(path_of(target), []).append(node.right)

    statement.visit(see)
    return found


def _targets(left: Any) -> Iterator[Any]:
    """Symbols that an assignment's left side names."""
    if left.kind == ExpressionKind.Concatenation:
        for operand in left.operands:
            yield from _targets(operand)
    elif (target := symbol_of(left)) is not None:
        yield target
