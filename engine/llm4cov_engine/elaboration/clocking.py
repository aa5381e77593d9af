"""Clocks and resets, from how the RTL uses them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyslang.ast import BinaryOperator, Expression, ExpressionKind, StatementKind

from llm4cov_engine.elaboration.netlist import assigned, path_of, statements, stripped, symbol_of
from llm4cov_engine.elaboration.records import Clock, Edge, Reset
from llm4cov_engine.elaboration.tracing import EQUALITIES, INVERTING, selection_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm4cov_engine.elaboration.netlist import ClockedBlock, EdgeEvent, Netlist
    from llm4cov_engine.elaboration.tracing import Tracer
    from llm4cov_engine.elaboration.values import Values

_RESET_NAME = re.compile(r"reset|(?<!fi)(?<!bu)(?<!wo)(?<!thi)rst", re.IGNORECASE)
"""A reset's name, and not "first" or "burst"."""

_CLOCK_NAME = re.compile(r"cl(oc)?k", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Use:
    """A signal used as a reset by one block; `low` when it resets on 0."""

    expression: Any
    low: bool
    asynchronous: bool


@dataclass(frozen=True, slots=True)
class _Test:
    """A condition that tests one signal alone and gives constants on one of its values.

    Attributes:
        use: the signal, and the value on which it gives them.
        path: of the signal.
        cleared: paths of what is given constants.
    """

    use: _Use
    path: str
    cleared: frozenset[str]


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
    for use in finder.synchronous(netlist):
        resets.add(use)
    return clocks.found(resets), resets.found(clocks)


_Signal = tuple[str, str]
"""A port and what is selected of it."""


def _by_port(signals: Iterable[_Signal]) -> dict[str, list[_Signal]]:
    found: dict[str, list[_Signal]] = {}
    for signal in signals:
        found.setdefault(signal[0], []).append(signal)
    return found


def _selects(signals: list[_Signal]) -> tuple[str, ...]:
    """What is selected of one port; () where the whole port is among it."""
    selects = tuple(select for _, select in signals)
    return () if "" in selects else selects


class _Clocks:
    """Collects edges and counts them per signal."""

    def __init__(self, tracer: Tracer, finder: _ResetFinder) -> None:
        self._tracer = tracer
        self._finder = finder
        self.blocks: Counter[_Signal] = Counter()
        self._edges: dict[_Signal, list[Edge]] = {}

    def add(self, event: EdgeEvent) -> None:
        """Note a block's clock."""
        origins = self._tracer.origins(event.expression)
        if len(origins) > 1:
            # Of a gated clock's inputs, those that are named like clocks or clock something by themselves.
            likely = [
                each
                for each in origins
                if each.signal in self.blocks or _CLOCK_NAME.search("".join(each.signal))
            ]
            origins = tuple(likely) or origins
        for origin in origins:
            self.blocks[origin.signal] += 1
            edge = Edge.POSEDGE if event.rising ^ origin.inverted else Edge.NEGEDGE
            if edge not in self._edges.setdefault(origin.signal, []):
                self._edges[origin.signal].append(edge)
        if not origins:
            self._add_divided(event)

    def _add_divided(self, event: EdgeEvent) -> None:
        """Of a divided clock, what clocks the divider; its edges are no edges of the port that matter."""
        for divider, _, _ in self._tracer.registers(event.expression):
            for clock in self._finder.clocks(divider):
                for origin in self._tracer.origins(clock.expression):
                    self.blocks[origin.signal] += 1

    def found(self, resets: _Resets) -> tuple[Clock, ...]:
        """Clocks by use; a signal that resets more than it clocks is none."""
        clocking = [
            signal
            for signal, count in sorted(self.blocks.items(), key=lambda each: (-each[1], each[0]))
            if signal in self._edges and count >= resets.blocks(signal)
        ]
        found = [self._clock(port, signals) for port, signals in _by_port(clocking).items()]
        return tuple(sorted(found, key=lambda clock: (-clock.flops, clock.port)))

    def _clock(self, port: str, signals: list[_Signal]) -> Clock:
        edges = {edge for signal in signals for edge in self._edges[signal]}
        flops = sum(self.blocks[signal] for signal in signals)
        return Clock(port, tuple(sorted(edges, reverse=True)), flops, _selects(signals))


class _Resets:
    """Collects uses as a reset and counts them per signal."""

    def __init__(self, tracer: Tracer, finder: _ResetFinder) -> None:
        self._tracer = tracer
        self._finder = finder
        self._low: Counter[_Signal] = Counter()
        self._high: Counter[_Signal] = Counter()
        self._asynchronous: set[_Signal] = set()

    def add(self, use: _Use) -> None:
        """Note a block's reset; behind a reset synchroniser it is the port that resets the synchroniser."""
        origins = self._tracer.origins(use.expression)
        for origin in origins:
            self._count(origin.signal, use.low ^ origin.inverted, use.asynchronous)
        if not origins:
            for block, path, inverted in self._tracer.registers(use.expression):
                for outer in self._finder.asynchronous(block):
                    if self._finder.resets_to_zero(block, path) == (use.low ^ inverted):
                        for origin in self._tracer.origins(outer.expression):
                            self._count(origin.signal, outer.low ^ origin.inverted, outer.asynchronous)

    def _count(self, signal: _Signal, low: bool, asynchronous: bool) -> None:
        (self._low if low else self._high)[signal] += 1
        if asynchronous:
            self._asynchronous.add(signal)

    def blocks(self, signal: _Signal) -> int:
        """How many blocks a signal resets."""
        return self._low[signal] + self._high[signal]

    def found(self, clocks: _Clocks) -> tuple[Reset, ...]:
        """Resets by use; a signal that clocks more than it resets is none."""
        signals = sorted(
            self._low.keys() | self._high.keys(), key=lambda signal: (-self.blocks(signal), signal)
        )
        resetting = [signal for signal in signals if self.blocks(signal) > clocks.blocks[signal]]
        found = [self._reset(port, parts) for port, parts in _by_port(resetting).items()]
        return tuple(sorted(found, key=lambda reset: (-reset.blocks, reset.port)))

    def _reset(self, port: str, signals: list[_Signal]) -> Reset:
        low = sum(self._low[signal] for signal in signals)
        high = sum(self._high[signal] for signal in signals)
        asynchronous = not self._asynchronous.isdisjoint(signals)
        return Reset(port, low > high, asynchronous, low + high, _selects(signals))


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
            # `if (rst_n) q <= d; else q <= 0;` resets in its other branch.
            other = not self._is_constant(statement.ifTrue) and self._is_constant(statement.ifFalse)
            for condition in statement.conditions:
                for expression, low in self._tests(condition.expr):
                    levels.setdefault(self._path(expression), low ^ other)
        uses = [
            _Use(event.expression, levels[path], asynchronous=True)
            for event in block.events
            if (path := self._path(event.expression)) in levels
        ]
        # Something must clock the block: when every edge is tested, the first one does.
        return uses if len(uses) < len(block.events) else uses[1:]

    def clocks(self, block: ClockedBlock) -> list[EdgeEvent]:
        """The block's edges that are no resets."""
        resets = {self._path(use.expression) for use in self.asynchronous(block)}
        return [event for event in block.events if self._path(event.expression) not in resets]

    def resets_to_zero(self, block: ClockedBlock, path: str) -> bool:
        """Whether a register's value under the block's first reset is 0."""
        for statement in _chain(block.body):
            for right in assigned(statement.ifTrue).get(path, []):
                return self._values.integer(right) == 0
        return False

    def synchronous(self, netlist: Netlist) -> list[_Use]:
        """Signals that are tested alone, and whose branch gives constants to what the block writes.

        That is also what a start pulse looks like. So a signal must be named like a reset, or behave like one
        everywhere: tested first thing, it clears at least two registers, all that its blocks write, in at
        least half of the blocks.
        """
        tests: list[_Test] = []
        unlikely: set[str] = set()
        blocks: dict[str, int] = {}
        for block in netlist.blocks:
            if self.asynchronous(block):
                continue
            found = self._first_tests(block.body)
            written = assigned(block.body).keys()
            unlikely |= {test.path for test in found if not test.cleared >= written}
            for test in found:
                blocks[test.path] = blocks.get(test.path, 0) + 1
            tests += found + self._named_tests(block.body, {test.path for test in found})
        for body in netlist.combinational:
            tests += self._named_tests(body, set())
        everywhere = {
            path
            for path, count in blocks.items()
            if path not in unlikely
            and 2 * count >= len(netlist.blocks)
            and len({name for test in tests if test.path == path for name in test.cleared}) >= 2
        }
        return [test.use for test in tests if _is_reset_name(test.path) or test.path in everywhere]

    def _first_tests(self, body: Any) -> list[_Test]:
        """The tests that stand directly in a block."""
        conditionals = [each for each in statements(body) if each.kind == StatementKind.Conditional]
        return [test for each in conditionals if (test := self._test(each)) is not None]

    def _named_tests(self, body: Any, known: set[str]) -> list[_Test]:
        """The tests anywhere in a block, `q <= rst ? 0 : d` among them, of signals named like resets."""
        found: dict[str, _Test] = {}

        def see(node: Any) -> None:
            if node.kind in (StatementKind.Conditional, ExpressionKind.ConditionalOp):
                test = self._test(node)
                if test is not None and test.path not in known and _is_reset_name(test.path):
                    found.setdefault(test.path, test)

        body.visit(see)
        return list(found.values())

    def _test(self, node: Any) -> _Test | None:
        """What an if or a conditional operator says about a reset, if anything."""
        if len(node.conditions) != 1:
            return None
        tests = self._tests(node.conditions[0].expr)
        if len(tests) != 1 or tests[0][0].type.bitWidth != 1:
            return None
        expression, low = tests[0]
        is_statement = node.kind == StatementKind.Conditional
        first, second = (node.ifTrue, node.ifFalse) if is_statement else (node.left, node.right)
        path = self._path(expression)
        for branch, inverted in ((first, False), (second, True)):
            if path is not None and self._is_constant(branch):
                cleared = assigned(branch).keys() if is_statement else ()
                return _Test(_Use(expression, low ^ inverted, asynchronous=False), path, frozenset(cleared))
        return None

    def _path(self, expression: Any) -> str | None:
        """The path of the signal an expression names, with what is selected of it."""
        symbol = symbol_of(expression)
        if symbol is None:
            return None
        return path_of(symbol) + (selection_of(expression, self._values) or "")

    def _is_constant(self, branch: Any) -> bool:
        """Whether a branch only gives constants: a statement that assigns them, or an expression."""
        if branch is None:
            return False
        if isinstance(branch, Expression):
            return self._values.is_constant(branch)
        given = [right for each in assigned(branch).values() for right in each]
        return bool(given) and all(self._values.is_constant(right) for right in given)

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


def _is_reset_name(path: str) -> bool:
    return _RESET_NAME.search(path.rpartition(".")[2]) is not None
