"""Where the bits of an expression come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyslang.ast import ArgumentDirection, Expression, ExpressionKind, SymbolKind

from llm4cov_engine.elaboration.netlist import SELECTIONS, path_of, stripped, symbol_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm4cov_engine.elaboration.netlist import Netlist
    from llm4cov_engine.elaboration.values import Values

_DEPTH = 8
"""Assignments and registers a value may pass between the port and the comparison."""

_BRANCHES = 3
"""Drivers of one signal that are followed."""


def _element_of(expression: Any) -> Any | None:
    """The memory that an expression takes an element of."""
    if expression.kind != ExpressionKind.ElementSelect or not expression.value.type.isUnpackedArray:
        return None
    return symbol_of(expression)


@dataclass(frozen=True, slots=True)
class _Assignment:
    """An assignment in an always block: the bits of the source from `low` on go to the target."""

    target: Any
    source: Any
    low: int


def _assignments(statement: Any) -> dict[str, list[_Assignment]]:
    """Signals assigned anywhere in a statement, path to what is assigned, in source order."""
    found: dict[str, list[_Assignment]] = {}

    def see(node: Any) -> None:
        if node.kind == ExpressionKind.Assignment:
            for each in _parts(node.left, node.right, 0):
                found.setdefault(path_of(symbol_of(each.target)), []).append(each)

    statement.visit(see)
    return found


def _parts(left: Any, right: Any, low: int) -> Iterator[_Assignment]:
    """What an assignment gives to each signal of its left side, from a bit of its right side upwards."""
    if left.kind == ExpressionKind.Concatenation:
        for operand in reversed(list(left.operands)):
            yield from _parts(operand, right, low)
            low += int(operand.type.bitWidth)
    elif symbol_of(left) is not None:
        yield _Assignment(left, right, low)


@dataclass(frozen=True, slots=True)
class Shift:
    """A register that takes in part after part.

    Attributes:
        width: its bits.
        part: what comes in.
        part_width: bits of that.
        comes_low: it comes in at the least significant end.
    """

    width: int
    part: Any
    part_width: int
    comes_low: bool


_FEWEST_PARTS = 4
"""Of a shift register that is worth a script; shorter ones only delay."""


def find_shifts(netlist: Netlist) -> dict[str, Shift]:
    """Path to shift register."""
    found: dict[str, Shift] = {}
    for block in netlist.blocks:
        for path, each in _assignments(block.body).items():
            for assignment in each:
                if path not in found and (shift := _shift(path, assignment)) is not None:
                    found[path] = shift
    return found


def _shift(path: str, assignment: _Assignment) -> Shift | None:
    """`r <= {r[5:0], part}` or `r <= {part, r[7:2]}`."""
    target, source = stripped(assignment.target), stripped(assignment.source)
    if source.kind != ExpressionKind.Concatenation or target.kind in SELECTIONS or not target.type.isIntegral:
        return None
    operands = [stripped(each) for each in source.operands]
    own = [each.kind in SELECTIONS and _names(each, path) for each in operands]
    if len(operands) != 2 or sum(own) != 1:
        return None
    part = operands[own.index(False)]
    width, part_width = int(target.type.bitWidth), int(part.type.bitWidth)
    if width < _FEWEST_PARTS * part_width or int(source.type.bitWidth) != width:
        return None
    return Shift(width, part, part_width, comes_low=own[0])


def _names(expression: Any, path: str) -> bool:
    symbol = symbol_of(expression)
    return symbol is not None and path_of(symbol) == path


class Follower:
    """Follows the bits of an expression back to input ports, through assignments and registers.

    Args:
        keeps: where no port is found, name the signal at which the trace is lost, with a dot before its path.
    """

    def __init__(self, top: Any, netlist: Netlist, values: Values, *, keeps: bool = False) -> None:
        self._netlist = netlist
        self._values = values
        self._keeps = keeps
        self._assigned: dict[int, dict[str, list[_Assignment]]] = {}
        self.shifts = find_shifts(netlist) if keeps else {}
        self._found: dict[tuple[str, int], tuple[tuple[str, int], ...]] = {}
        self._settled: dict[str, Any] = {}
        if keeps:
            for body in netlist.combinational:
                for path in self._assigned_in(body):
                    self._settled.setdefault(path, body)
        self._inputs = {
            path_of(port.internalSymbol): port.name
            for port in top.body.portList
            if port.kind == SymbolKind.Port
            and port.internalSymbol is not None
            and port.direction in (ArgumentDirection.In, ArgumentDirection.InOut)
        }

    def origins(self, expression: Any) -> Iterator[tuple[str, int]]:
        """(port, bit) pairs at which the least significant bit of the expression starts out."""
        yield from self.origins_of_bit(expression, 0)

    def origins_of_bit(self, expression: Any, bit: int) -> Iterator[tuple[str, int]]:
        """(port, bit) pairs at which a bit of the expression starts out."""
        yield from self._expression(expression, bit, _DEPTH, frozenset())

    def _expression(
        self, expression: Any, low: int, depth: int, seen: frozenset[tuple[str, int]]
    ) -> Iterator[tuple[str, int]]:
        expression = stripped(expression)
        kind = expression.kind
        if kind in (ExpressionKind.NamedValue, ExpressionKind.HierarchicalValue):
            yield from self._symbol(expression.symbol, low, depth, seen)
        elif kind == ExpressionKind.ConditionalOp:
            for side in self._sides(expression):
                yield from self._expression(side, low, depth, seen)
        elif kind == ExpressionKind.Concatenation:
            yield from self._part(expression, low, depth, seen)
        elif (start := self._start(expression)) is not None:
            yield from self._expression(expression.value, low + start, depth, seen)
        elif self._keeps and (array := _element_of(expression)) is not None:
            # Whichever element it is, all of them are written alike.
            yield from self._symbol(array, low, depth, seen)

    def _sides(self, choice: Any) -> list[Any]:
        """The operands of a conditional expression that a parameter does not rule out."""
        fixed = None
        if self._keeps and len(choice.conditions) == 1:
            fixed = self._values.integer(choice.conditions[0].expr)
        return [choice.left, choice.right] if fixed is None else [choice.left if fixed else choice.right]

    def _part(
        self, expression: Any, low: int, depth: int, seen: frozenset[tuple[str, int]]
    ) -> Iterator[tuple[str, int]]:
        """The operand of a concatenation that holds a bit."""
        below = 0
        for operand in reversed(list(expression.operands)):
            width = int(operand.type.bitWidth)
            if below <= low < below + width:
                yield from self._expression(operand, low - below, depth, seen)
                return
            below += width

    def _symbol(
        self, symbol: Any, low: int, depth: int, seen: frozenset[tuple[str, int]]
    ) -> Iterator[tuple[str, int]]:
        path = path_of(symbol)
        if path in self._inputs:
            yield self._inputs[path], low
            return
        if path in self.shifts:
            yield f".{path}", low
            return
        if (path, low) in seen:
            return
        if depth == _DEPTH:
            if (path, low) not in self._found:
                self._found[path, low] = tuple(dict.fromkeys(self._followed(path, low, depth, seen)))
            yield from self._found[path, low]
        else:
            yield from self._followed(path, low, depth, seen)

    def _followed(
        self, path: str, low: int, depth: int, seen: frozenset[tuple[str, int]]
    ) -> Iterator[tuple[str, int]]:
        lost = True
        for origin in self._sources(path, low, depth - 1, seen | {(path, low)}) if depth else ():
            lost = False
            yield origin
        if lost and self._keeps:
            yield f".{path}", low

    def _sources(
        self, path: str, low: int, depth: int, seen: frozenset[tuple[str, int]]
    ) -> Iterator[tuple[str, int]]:
        """Where a bit of a signal starts out, by whatever drives that bit."""
        followed = 0
        for driver in self._netlist.drivers.get(path, []):
            place = self._within(driver.target, low)
            if driver.inverts or place is None:
                continue
            follow = self._expression if isinstance(driver.source, Expression) else self._symbol
            yield from follow(driver.source, place, depth, seen)
            followed += 1
            if followed == _BRANCHES:
                break
        followed = 0
        for assignment in self._assignments(path):
            place = self._within(assignment.target, low)
            if place is not None and not self._values.is_constant(stripped(assignment.source)):
                yield from self._expression(assignment.source, place + assignment.low, depth, seen)
                followed += 1
                if followed == _BRANCHES:
                    break

    def assigned_to(self, path: str) -> list[Any]:
        """The expressions that drive a signal, at once or through a register, constants left out."""
        drivers = self._netlist.drivers.get(path, [])
        sources = [
            each.source for each in drivers if isinstance(each.source, Expression) and not each.inverts
        ]
        sources += [each.source for each in self._assignments(path)]
        return [source for source in sources if not self._values.is_constant(stripped(source))]

    def _assignments(self, path: str) -> list[_Assignment]:
        """What an always block assigns to a signal."""
        block = self._netlist.registers.get(path)
        body = block.body if block is not None else self._settled.get(path)
        return self._assigned_in(body).get(path, []) if body is not None else []

    def _assigned_in(self, body: Any) -> dict[str, list[_Assignment]]:
        if id(body) not in self._assigned:
            self._assigned[id(body)] = _assignments(body)
        return self._assigned[id(body)]

    def _within(self, target: Any, bit: int) -> int | None:
        """Which bit of what is assigned goes to a bit of the signal; None for none."""
        if target is None:
            return bit
        target = stripped(target)
        if target.kind not in SELECTIONS:
            return bit
        if not target.type.isIntegral:
            return None
        start = 0
        width = int(target.type.bitWidth)
        while target.kind in SELECTIONS:
            if target.value.type.isUnpackedArray:
                # An element of a memory, whichever it is.
                target = stripped(target.value)
                continue
            own = self._start(target)
            if own is None:
                # Somewhere in the signal.
                return None
            start += own
            target = stripped(target.value)
        return bit - start if start <= bit < start + width else None

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
