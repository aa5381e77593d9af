"""From a signal anywhere in the hierarchy back to the top's input ports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pyslang.ast import (
    ArgumentDirection,
    BinaryOperator,
    Expression,
    ExpressionKind,
    SymbolKind,
    UnaryOperator,
)

from llm4cov_engine.elaboration.netlist import SELECTIONS, Netlist, path_of, stripped, symbol_of

if TYPE_CHECKING:
    from pyslang.ast import InstanceSymbol

    from llm4cov_engine.elaboration.netlist import ClockedBlock
    from llm4cov_engine.elaboration.values import Values

INVERTING = {UnaryOperator.BitwiseNot, UnaryOperator.LogicalNot}

_GATES = {
    BinaryOperator.BinaryAnd,
    BinaryOperator.BinaryOr,
    BinaryOperator.LogicalAnd,
    BinaryOperator.LogicalOr,
}

EQUALITIES = {
    BinaryOperator.Equality: True,
    BinaryOperator.CaseEquality: True,
    BinaryOperator.Inequality: False,
    BinaryOperator.CaseInequality: False,
}

_Leaf = tuple[str, bool, str]
"""Path of an input port or of a register, whether it is inverted on the way, and what is selected of it."""

_DEPTH = 64
"""Hops after which a signal counts as not traceable."""


@dataclass(frozen=True, slots=True)
class Origin:
    """An input port of the top that a signal follows.

    Attributes:
        inverted: the signal is 0 when the port is 1.
        select: the part of the port it follows, such as ".clk" or "[0]"; "" for the whole, or when unknown.
    """

    port: str
    inverted: bool = False
    select: str = ""

    @property
    def signal(self) -> tuple[str, str]:
        """The port and what is selected of it."""
        return self.port, self.select


def selection_of(expression: Any, values: Values) -> str | None:
    """What an expression selects of the signal it names, "" for all; None when no name says it."""
    select = ""
    expression = stripped(expression)
    while expression.kind in SELECTIONS:
        if expression.kind == ExpressionKind.MemberAccess:
            select = f".{expression.member.name}{select}"
        elif expression.kind == ExpressionKind.ElementSelect:
            if (index := values.integer(expression.selector)) is None:
                return None
            select = f"[{index}]{select}"
        else:
            return None
        expression = stripped(expression.value)
    return select


@dataclass(frozen=True, slots=True)
class _Step:
    """How far a signal was followed.

    Attributes:
        inverted: on the way so far.
        select: what is of interest of what comes next, as in `Origin`; None when that cannot be said.
        seen: paths of the signals passed.
    """

    inverted: bool = False
    select: str | None = ""
    seen: frozenset[str] = frozenset()


class Tracer:
    """Follows signals through ports, assignments, inverters, gates and selections.

    Gates and multiplexers are followed on every branch: a gated clock leads to its clock and its enable, and
    it is for the caller to choose.
    """

    def __init__(self, top: InstanceSymbol, netlist: Netlist, values: Values) -> None:
        self._netlist = netlist
        self._values = values
        self._inputs: dict[str, str] = {
            path_of(port.internalSymbol): port.name
            for port in top.body.portList
            if port.kind == SymbolKind.Port
            and port.internalSymbol is not None
            and port.direction in (ArgumentDirection.In, ArgumentDirection.InOut)
        }

    def origins(self, expression: Any) -> tuple[Origin, ...]:
        """Ports an expression follows, each once, in the order they are met."""
        return tuple(
            Origin(self._inputs[path], inverted, select)
            for path, inverted, select in self._leaves(expression)
            if path in self._inputs
        )

    def registers(self, expression: Any) -> tuple[tuple[ClockedBlock, str, bool], ...]:
        """Registers an expression follows: the block that writes it, its path, whether it is inverted."""
        written = self._netlist.registers
        return tuple(
            (written[path], path, inverted)
            for path, inverted, _ in self._leaves(expression)
            if path not in self._inputs
        )

    def port(self, expression: Any) -> str | None:
        """The port an expression is, whole or in part, unchanged; None when it is anything else."""
        symbol = symbol_of(expression)
        for _ in range(_DEPTH):
            if symbol is None:
                return None
            path = path_of(symbol)
            if path in self._inputs:
                return self._inputs[path]
            drivers = self._netlist.drivers.get(path, [])
            if len(drivers) != 1 or drivers[0].inverts:
                return None
            source = drivers[0].source
            symbol = symbol_of(source) if isinstance(source, Expression) else source
        return None

    def _leaves(self, expression: Any) -> tuple[_Leaf, ...]:
        return tuple(dict.fromkeys(self._expression(expression, _Step())))

    def _symbol(self, symbol: Any, step: _Step) -> list[_Leaf]:
        path = path_of(symbol)
        if path in self._inputs:
            # All of a port of one bit is that bit.
            select = "" if symbol.type.bitWidth == 1 else step.select
            return [(path, step.inverted, select or "")]
        if path in self._netlist.registers:
            return [(path, step.inverted, "")]
        if path in step.seen or len(step.seen) > _DEPTH:
            return []
        found = []
        for driver in self._netlist.drivers.get(path, []):
            follow = self._expression if isinstance(driver.source, Expression) else self._symbol
            # Bits keep their numbers only from one type to the same.
            keeps = step.select == "" or driver.source.type.isMatching(symbol.type)
            found += follow(
                driver.source,
                _Step(step.inverted ^ driver.inverts, step.select if keeps else None, step.seen | {path}),
            )
        return found

    def _expression(self, expression: Any, step: _Step) -> list[_Leaf]:
        expression = stripped(expression)
        if (symbol := symbol_of(expression)) is not None:
            inner = selection_of(expression, self._values)
            known = inner is not None and step.select is not None
            return self._symbol(symbol, replace(step, select=f"{inner}{step.select}" if known else None))
        kind = expression.kind
        if kind == ExpressionKind.UnaryOp:
            flips = expression.op in INVERTING
            return self._expression(expression.operand, replace(step, inverted=step.inverted ^ flips))
        if kind == ExpressionKind.BinaryOp and expression.op in EQUALITIES:
            return self._equality(expression, step)
        if kind == ExpressionKind.ConditionalOp or (
            kind == ExpressionKind.BinaryOp and expression.op in _GATES
        ):
            branches = (expression.left, expression.right)
        elif kind == ExpressionKind.Concatenation and len(expression.operands) == 1:
            branches = tuple(expression.operands)
        else:
            return []
        return [origin for branch in branches for origin in self._expression(branch, step)]

    def _equality(self, expression: Any, step: _Step) -> list[_Leaf]:
        """`rst == 1'b0` is an inverter."""
        for signal, other in ((expression.left, expression.right), (expression.right, expression.left)):
            if (value := self._values.integer(other)) is not None:
                same = EQUALITIES[expression.op] == (value == 1)
                return self._expression(signal, replace(step, inverted=step.inverted ^ (not same)))
        return []
