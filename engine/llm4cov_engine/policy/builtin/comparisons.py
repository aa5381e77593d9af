"""Which part of which input port ends up in a comparison with a constant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyslang.ast import ArgumentDirection, Expression, ExpressionKind, SymbolKind

from llm4cov_engine.elaboration.compilation import compiled
from llm4cov_engine.elaboration.constants import compared
from llm4cov_engine.elaboration.netlist import assigned, path_of, read_netlist, stripped
from llm4cov_engine.elaboration.values import Values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.elaboration.netlist import Netlist

MOST_COMPARISONS = 2000
"""After so many, the rest of a large design says nothing new about its ports."""

_DEPTH = 8
"""Assignments and registers a value may pass between the port and the comparison."""

_BRANCHES = 3
"""Drivers of one signal that are followed."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Bits of an input port that the RTL compares with a constant, at once or registers later.

    Attributes:
        low: the lowest of the bits, counted from the port's least significant one.
        width: how many bits.
        value: the constant, as an unsigned integer of `width` bits.
        file: where the comparison stands, relative to the design's root.
        line: counts from 1.
    """

    port: str
    low: int
    width: int
    value: int
    file: str
    line: int


def read_comparisons(design: Design) -> tuple[Comparison, ...]:
    """Every such comparison of an elaborated design, in source order, without repeats."""
    unit = compiled(design)
    if unit.top is None:
        return ()
    netlist = read_netlist(unit.top)
    values = Values(unit.top)
    follower = _Follower(unit.top, netlist, values)
    found: dict[Comparison, None] = {}
    for node in netlist.comparisons:
        for signal, other in compared(node):
            value = values.integer(other)
            inner = stripped(signal)
            if value is None or values.is_constant(inner):
                continue
            width = int(inner.type.bitWidth)
            span = unit.reader.places.span(other.sourceRange)
            for port, low in dict.fromkeys(follower.origins(inner)):
                found[Comparison(port, low, width, value & ((1 << width) - 1), span.file, span.line)] = None
        if len(found) > MOST_COMPARISONS:
            break
    return tuple(found)


class _Follower:
    """Follows the bits of an expression back to input ports, through assignments and registers."""

    def __init__(self, top: Any, netlist: Netlist, values: Values) -> None:
        self._netlist = netlist
        self._values = values
        self._assigned: dict[int, dict[str, list[Any]]] = {}
        self._inputs = {
            path_of(port.internalSymbol): port.name
            for port in top.body.portList
            if port.kind == SymbolKind.Port
            and port.internalSymbol is not None
            and port.direction in (ArgumentDirection.In, ArgumentDirection.InOut)
        }

    def origins(self, expression: Any) -> Iterator[tuple[str, int]]:
        """(port, bit) pairs at which the least significant bit of the expression starts out."""
        yield from self._expression(expression, 0, _DEPTH, frozenset())

    def _expression(
        self, expression: Any, low: int, depth: int, seen: frozenset[str]
    ) -> Iterator[tuple[str, int]]:
        expression = stripped(expression)
        kind = expression.kind
        if kind in (ExpressionKind.NamedValue, ExpressionKind.HierarchicalValue):
            yield from self._symbol(expression.symbol, low, depth, seen)
        elif kind == ExpressionKind.ConditionalOp:
            yield from self._expression(expression.left, low, depth, seen)
            yield from self._expression(expression.right, low, depth, seen)
        elif kind == ExpressionKind.Concatenation:
            yield from self._part(expression, low, depth, seen)
        elif (start := self._start(expression)) is not None:
            yield from self._expression(expression.value, low + start, depth, seen)

    def _part(self, expression: Any, low: int, depth: int, seen: frozenset[str]) -> Iterator[tuple[str, int]]:
        """The operand of a concatenation that holds a bit."""
        below = 0
        for operand in reversed(list(expression.operands)):
            width = int(operand.type.bitWidth)
            if below <= low < below + width:
                yield from self._expression(operand, low - below, depth, seen)
                return
            below += width

    def _symbol(self, symbol: Any, low: int, depth: int, seen: frozenset[str]) -> Iterator[tuple[str, int]]:
        path = path_of(symbol)
        if path in self._inputs:
            yield self._inputs[path], low
            return
        if depth == 0 or path in seen:
            return
        seen |= {path}
        for driver in self._netlist.drivers.get(path, [])[:_BRANCHES]:
            if driver.inverts:
                continue
            follow = self._expression if isinstance(driver.source, Expression) else self._symbol
            yield from follow(driver.source, low, depth - 1, seen)
        for source in self._register_inputs(path)[:_BRANCHES]:
            yield from self._expression(source, low, depth - 1, seen)

    def _register_inputs(self, path: str) -> list[Any]:
        """What a clocked block assigns to a register, constants left out."""
        block = self._netlist.registers.get(path)
        if block is None:
            return []
        if id(block) not in self._assigned:
            self._assigned[id(block)] = assigned(block.body)
        sources = self._assigned[id(block)].get(path, [])
        return [source for source in sources if not self._values.is_constant(stripped(source))]

    def _start(self, selection: Any) -> int | None:
        """The lowest bit a selection takes out of its value; None when that depends on a signal."""
        kind = selection.kind
        if kind == ExpressionKind.MemberAccess:
            offset = getattr(selection.member, "bitOffset", None)
            return None if offset is None else int(offset)
        if kind == ExpressionKind.ElementSelect:
            bounds = [self._values.integer(selection.selector)]
        elif kind == ExpressionKind.RangeSelect and selection.selectionKind.name == "Simple":
            bounds = [self._values.integer(selection.left), self._values.integer(selection.right)]
        else:
            return None
        of = selection.value.type
        indices = [bound for bound in bounds if bound is not None]
        if not of.isIntegral or len(indices) != len(bounds):
            return None
        declared = of.fixedRange
        element = int(of.bitWidth) // max(1, int(declared.width))
        offsets = [
            index - declared.right if declared.left >= declared.right else declared.right - index
            for index in indices
        ]
        return min(offsets) * element if 0 <= min(offsets) < int(declared.width) else None
