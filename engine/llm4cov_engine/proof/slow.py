"""Counters that a signal waits for: why a point needs many cycles."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llm4cov_engine.elaboration.netlist import path_of, symbol_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm4cov_engine.proof.processes import Process

WIDE = 10
"""Bits from which on a counter takes longer than most tests run."""

_DIVIDES = 4
"""Bits from which on a counter that makes a clock makes it slow."""


@dataclass(frozen=True)
class Slowness:
    """How signals depend on each other and on counters, all by their paths.

    Attributes:
        values: what the values assigned to a signal are made of.
        conditions: what decides which of them it gets.
        clocks: signals made in the design that start the block which assigns a register.
        counters: their widths in bits.
    """

    values: Mapping[str, Set[str]] = field(default_factory=dict)
    conditions: Mapping[str, Set[str]] = field(default_factory=dict)
    clocks: Mapping[str, Set[str]] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    # Answers: the many points of one signal ask the same, and in a large design each answer is a long way.
    _counter: dict[frozenset[str], str] = field(default_factory=dict, repr=False, compare=False)
    _pace: dict[frozenset[str], tuple[str, str]] = field(default_factory=dict, repr=False, compare=False)

    def counter(self, paths: Iterable[str]) -> str:
        """The widest counter that signals are made of; "" for none that is wide."""
        of = frozenset(paths)
        if of not in self._counter:
            self._counter[of] = self._widest(sorted(of), (self.values,), WIDE)
        return self._counter[of]

    def pace(self, paths: Iterable[str]) -> tuple[str, str]:
        """A clock made in the design that signals change with, and the counter that makes it."""
        of = frozenset(paths)
        if of not in self._pace:
            self._pace[of] = self._slowest(sorted(of))
        return self._pace[of]

    def _slowest(self, paths: Iterable[str]) -> tuple[str, str]:
        for path in self._behind(paths, (self.values,)):
            for clock in sorted(self.clocks.get(path, ())):
                if counter := self._widest([clock], (self.values, self.conditions), _DIVIDES):
                    return clock, counter
        return "", ""

    def _widest(self, paths: Iterable[str], ways: tuple[Mapping[str, Set[str]], ...], least: int) -> str:
        wide = [path for path in self._behind(paths, ways) if self.counters.get(path, 0) >= least]
        return max(wide, key=lambda path: (self.counters[path], path), default="")

    def _behind(self, paths: Iterable[str], ways: tuple[Mapping[str, Set[str]], ...]) -> list[str]:
        """The signals themselves, and all that they are made of."""
        pending = deque(paths)
        found = dict.fromkeys(pending)
        while pending:
            path = pending.popleft()
            for way in ways:
                for other in sorted(way.get(path, frozenset()) - found.keys()):
                    found[other] = None
                    pending.append(other)
        return list(found)


class Dependences:
    """Collects what signals depend on, statement by statement."""

    def __init__(self) -> None:
        self.values: dict[str, set[str]] = {}
        self.conditions: dict[str, set[str]] = {}
        self._steps: list[tuple[str, str, int]] = []

    def step(self, target: str, source: str, width: int) -> None:
        """Take in that a signal gets another's value, increased or decreased by one."""
        self._steps.append((target, source, width))

    def counters(self) -> dict[str, int]:
        """Signals that are increased or decreased by one, at once or by way of another, with their widths."""
        return {
            source: width
            for target, source, width in self._steps
            if target == source or target in self.values.get(source, ())
        }

    def assignment(self, left: Any, right: Any) -> None:
        """Take in an assignment."""
        names = _names(right)
        for target in _names(left) if symbol_of(left) is None else {path_of(symbol_of(left))}:
            self.values.setdefault(target, set()).update(names)

    def decision(self, node: Any) -> set[str]:
        """Take in a conditional or case statement; returns what it reads to decide."""
        from pyslang.ast import StatementKind

        if node.kind == StatementKind.Conditional:
            names = {name for each in node.conditions for name in _names(each.expr)}
        else:
            names = _names(node.expr)
        for target in _assigned(node):
            self.conditions.setdefault(target, set()).update(names)
        return names

    def connections(self, processes: Iterable[Process]) -> None:
        """Take in how instances are connected."""
        for process in processes:
            if process.kind in ("connection", "assign"):
                for target in process.access.writes:
                    self.values.setdefault(target, set()).update(process.access.reads)


def clocks_of(processes: Iterable[Process], ports: Set[str]) -> dict[str, set[str]]:
    """By register, the signals that start its block, without those that come straight from ports.

    Args:
        ports: of the top.
    """
    from llm4cov_engine.proof.processes import signals_of

    every = list(processes)
    alias = {
        target: next(iter(process.access.reads))
        for process in every
        if process.kind == "connection" and len(process.access.reads) == 1
        for target in process.access.writes
    }
    found: dict[str, set[str]] = {}
    for process in every:
        if not process.is_clocked:
            continue
        for clock in signals_of(process.node.body.timing):
            source, steps = clock, 0
            while source in alias and steps < len(alias):
                source, steps = alias[source], steps + 1
            if source not in ports:
                for target in process.access.writes:
                    found.setdefault(target, set()).add(source)
    return found


def is_bit(expression: Any) -> bool:
    """Whether an expression is made of signals of one bit alone, so that it is 0 or 1 unless inverted."""
    from pyslang.ast import ExpressionKind, VisitAction

    widths: list[int] = []

    def see(each: Any) -> VisitAction:
        if each.kind in (ExpressionKind.NamedValue, ExpressionKind.HierarchicalValue):
            widths.append(int(each.type.bitWidth))
        return VisitAction.Advance

    expression.visit(see)
    return bool(widths) and max(widths) == 1


def _names(node: Any) -> set[str]:
    from pyslang.ast import ExpressionKind, SymbolKind, VisitAction

    found: set[str] = set()

    def see(each: Any) -> VisitAction:
        if each.kind in (ExpressionKind.NamedValue, ExpressionKind.HierarchicalValue) and (
            each.symbol.kind in (SymbolKind.Variable, SymbolKind.Net)
        ):
            found.add(path_of(each.symbol))
        return VisitAction.Advance

    node.visit(see)
    return found


def _assigned(node: Any) -> set[str]:
    from pyslang.ast import ExpressionKind, VisitAction

    found: set[str] = set()

    def see(each: Any) -> VisitAction:
        if each.kind == ExpressionKind.Assignment and (symbol := symbol_of(each.left)) is not None:
            found.add(path_of(symbol))
        return VisitAction.Advance

    node.visit(see)
    return found
