"""Clocks and resets, from how the RTL uses them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyslang.ast import BinaryOperator, ExpressionKind, StatementKind

from llm4cov_engine.elaboration.netlist import assigned, path_of, statements, stripped, symbol_of
from llm4cov_engine.elaboration.records import Clock, Edge, Reset
from llm4cov_engine.elaboration.tracing import EQUALITIES, INVERTING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm4cov_engine.elaboration.netlist import ClockedBlock, EdgeEvent, Netlist
    from llm4cov_engine.elaboration.tracing import Tracer
    from llm4cov_engine.elaboration.values import Values

_RESET_NAME = re.compile(r"(^|_|[a-z])(a|s|hw|p|g)?(rst|reset|clr|clear|init)", re.IGNORECASE)
_CLOCK_NAME = re.compile(r"cl(oc)?k", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Use:
    """A signal used as a reset by one block; `low` when it resets on 0."""

    expression: Any
    low: bool
    asynchronous: bool


def find_clocks_and_resets(
    netlist: Netlist, tracer: Tracer, values: Values
) -> tuple[tuple[Clock, ...], tuple[Reset, ...]]:
    """Clocks and resets among the top's input ports, the most used first."""
    finder = _ResetFinder(values)
    clocks = _Clocks(tracer, finder)
    resets = _Resets(tracer, finder)
    for block in netlist.blocks:
        for event in finder.clocks(block):
            clocks.add(event)
        for use in finder.asynchronous(block):
            resets.add(use)
    for use in finder.synchronous(netlist.blocks):
        resets.add(use)
    return clocks.found(resets), resets.found(clocks)


class _Clocks:
    """Collects edges and counts them per port."""

    def __init__(self, tracer: Tracer, finder: _ResetFinder) -> None:
        self._tracer = tracer
        self._finder = finder
        self.blocks: Counter[str] = Counter()
        self._edges: dict[str, list[Edge]] = {}

    def add(self, event: EdgeEvent) -> None:
        """Note a block's clock."""
        origins = self._tracer.origins(event.expression)
        if len(origins) > 1:
            # Of a gated clock's inputs, those that are named like clocks or clock something by themselves.
            likely = [each for each in origins if each.port in self.blocks or _CLOCK_NAME.search(each.port)]
            origins = tuple(likely) or origins
        for origin in origins:
            self.blocks[origin.port] += 1
            edge = Edge.POSEDGE if event.rising ^ origin.inverted else Edge.NEGEDGE
            if edge not in self._edges.setdefault(origin.port, []):
                self._edges[origin.port].append(edge)
        if not origins:
            self._add_divided(event)

    def _add_divided(self, event: EdgeEvent) -> None:
        """Of a divided clock, what clocks the divider; its edges are no edges of the port that matter."""
        for divider, _, _ in self._tracer.registers(event.expression):
            for clock in self._finder.clocks(divider):
                for origin in self._tracer.origins(clock.expression):
                    self.blocks[origin.port] += 1

    def found(self, resets: _Resets) -> tuple[Clock, ...]:
        """Clocks by use; a port that resets more than it clocks is none."""
        return tuple(
            Clock(port, tuple(sorted(self._edges[port], reverse=True)), count)
            for port, count in sorted(self.blocks.items(), key=lambda each: (-each[1], each[0]))
            if port in self._edges and count >= resets.blocks(port)
        )


class _Resets:
    """Collects uses as a reset and counts them per port."""

    def __init__(self, tracer: Tracer, finder: _ResetFinder) -> None:
        self._tracer = tracer
        self._finder = finder
        self._low: Counter[str] = Counter()
        self._high: Counter[str] = Counter()
        self._asynchronous: set[str] = set()

    def add(self, use: _Use) -> None:
        """Note a block's reset; behind a reset synchroniser it is the port that resets the synchroniser."""
        origins = self._tracer.origins(use.expression)
        for origin in origins:
            self._count(origin.port, use.low ^ origin.inverted, use.asynchronous)
        if not origins:
            for block, path, inverted in self._tracer.registers(use.expression):
                for outer in self._finder.asynchronous(block):
                    if self._finder.resets_to_zero(block, path) == (use.low ^ inverted):
                        for origin in self._tracer.origins(outer.expression):
                            self._count(origin.port, outer.low ^ origin.inverted, outer.asynchronous)

    def _count(self, port: str, low: bool, asynchronous: bool) -> None:
        (self._low if low else self._high)[port] += 1
        if asynchronous:
            self._asynchronous.add(port)

    def blocks(self, port: str) -> int:
        """How many blocks a port resets."""
        return self._low[port] + self._high[port]

    def found(self, clocks: _Clocks) -> tuple[Reset, ...]:
        """Resets by use; a port that clocks more than it resets is none."""
        ports = sorted(self._low.keys() | self._high.keys(), key=lambda port: (-self.blocks(port), port))
        return tuple(
            Reset(port, self._low[port] > self._high[port], port in self._asynchronous, self.blocks(port))
            for port in ports
            if self.blocks(port) > clocks.blocks[port]
        )


class _ResetFinder:
    """Finds the signals that blocks use as resets."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def asynchronous(self, block: ClockedBlock) -> list[_Use]:
        """Signals that stand in the event control and are tested by the block's chain of first ifs."""
        if len(block.events) < 2:
            return []
        levels: dict[str | None, bool] = {}
        for statement in _chain(block.body):
            for condition in statement.conditions:
                for expression, low in self._tests(condition.expr):
                    levels.setdefault(_path(expression), low)
        uses = [
            _Use(event.expression, levels[path], asynchronous=True)
            for event in block.events
            if (path := _path(event.expression)) in levels
        ]
        # Something must clock the block: when every edge is tested, the first one does.
        return uses if len(uses) < len(block.events) else uses[1:]

    def clocks(self, block: ClockedBlock) -> list[EdgeEvent]:
        """The block's edges that are no resets."""
        resets = {_path(use.expression) for use in self.asynchronous(block)}
        return [event for event in block.events if _path(event.expression) not in resets]

    def resets_to_zero(self, block: ClockedBlock, path: str) -> bool:
        """Whether a register's value under the block's first reset is 0."""
        for statement in _chain(block.body):
            for right in assigned(statement.ifTrue).get(path, []):
                return self._values.integer(right) == 0
        return False

    def synchronous(self, blocks: Iterable[ClockedBlock]) -> list[_Use]:
        """Signals tested alone, whose branch gives constants to what the block writes.

        That is also what a start pulse looks like, so a signal must be named like a reset or behave like one
        everywhere: it clears at least two registers, all that its blocks write, in half of the blocks.
        """
        clocked = list(blocks)
        uses: dict[str, list[tuple[_Use, bool]]] = {}
        registers: dict[str, set[str]] = {}
        for block in clocked:
            if self.asynchronous(block):
                continue
            written = assigned(block.body)
            for use, path, cleared in self._single_tests(block):
                whole = cleared.keys() >= written.keys()
                uses.setdefault(path, []).append((use, whole))
                registers.setdefault(path, set()).update(cleared)
        found = []
        for path, each in uses.items():
            named = bool(_RESET_NAME.search(path.rpartition(".")[2]))
            everywhere = all(whole for _, whole in each) and 2 * len(each) >= len(clocked)
            if named or (everywhere and len(registers[path]) >= 2):
                found += [use for use, _ in each]
        return found

    def _single_tests(self, block: ClockedBlock) -> list[tuple[_Use, str, dict[str, list[Any]]]]:
        """The ifs at the top of a block that test one signal and only give constants.

        Returns:
            Each with the tested signal's path and what the branch assigns.
        """
        found = []
        for statement in statements(block.body):
            if statement.kind != StatementKind.Conditional or len(statement.conditions) != 1:
                continue
            tests = self._tests(statement.conditions[0].expr)
            if len(tests) != 1 or tests[0][0].type.bitWidth != 1:
                continue
            expression, low = tests[0]
            cleared = assigned(statement.ifTrue)
            constant = all(self._values.is_constant(right) for each in cleared.values() for right in each)
            if cleared and constant and (path := _path(expression)) is not None:
                found.append((_Use(expression, low, asynchronous=False), path, cleared))
        return found

    def _tests(self, condition: Any, low: bool = False) -> list[tuple[Any, bool]]:
        """Signals a condition tests, each with whether it holds on 0; an `or` tests both its sides."""
        condition = stripped(condition)
        kind = condition.kind
        if symbol_of(condition) is not None:
            return [(condition, low)]
        if kind == ExpressionKind.UnaryOp and condition.op in INVERTING:
            return self._tests(condition.operand, not low)
        if kind != ExpressionKind.BinaryOp:
            return []
        if condition.op in (BinaryOperator.LogicalOr, BinaryOperator.BinaryOr):
            return self._tests(condition.left, low) + self._tests(condition.right, low)
        if condition.op in EQUALITIES:
            for signal, other in ((condition.left, condition.right), (condition.right, condition.left)):
                if (value := self._values.integer(other)) in (0, 1):
                    return self._tests(signal, low ^ ((value == 0) == EQUALITIES[condition.op]))
        return []


def _chain(body: Any) -> list[Any]:
    """A block's first if and its else-ifs."""
    statement = next((each for each in statements(body) if each.kind == StatementKind.Conditional), None)
    found = []
    while statement is not None and statement.kind == StatementKind.Conditional:
        found.append(statement)
        rest = statements(statement.ifFalse) if statement.ifFalse is not None else []
        statement = rest[0] if len(rest) == 1 else None
    return found


def _path(expression: Any) -> str | None:
    symbol = symbol_of(expression)
    return None if symbol is None else path_of(symbol)
