"""Values the RTL compares its signals with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyslang.ast import BinaryOperator, ExpressionKind, StatementKind

from llm4cov_engine.elaboration.netlist import path_of, stripped, symbol_of
from llm4cov_engine.elaboration.records import Constant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm4cov_engine.elaboration.netlist import Netlist
    from llm4cov_engine.elaboration.spans import Places
    from llm4cov_engine.elaboration.tracing import Tracer
    from llm4cov_engine.elaboration.values import Values

MOST = 500
"""How many constants are kept: a table of thousands says nothing about where to go."""

_COMPARISONS = {
    BinaryOperator.Equality,
    BinaryOperator.Inequality,
    BinaryOperator.CaseEquality,
    BinaryOperator.CaseInequality,
    BinaryOperator.WildcardEquality,
    BinaryOperator.WildcardInequality,
    BinaryOperator.GreaterThan,
    BinaryOperator.GreaterThanEqual,
    BinaryOperator.LessThan,
    BinaryOperator.LessThanEqual,
}


def find_constants(netlist: Netlist, tracer: Tracer, values: Values, places: Places) -> tuple[Constant, ...]:
    """Constants compared with something that is not one, in source order, each value and signal once."""
    found: dict[tuple[int, int, str], Constant] = {}
    for node in netlist.comparisons:
        for signal, other in compared(node):
            signal = stripped(signal)
            value = values.integer(other)
            if value is None or values.is_constant(signal):
                continue
            width = int(signal.type.bitWidth)
            value &= (1 << width) - 1
            name = _name(signal, tracer)
            found.setdefault(
                (value, width, name), Constant(value, width, name, places.span(other.sourceRange))
            )
            if len(found) >= MOST:
                return tuple(found.values())
    return tuple(found.values())


def compared(node: Any) -> Iterator[tuple[Any, Any]]:
    """Pairs of what is compared and what with, in both orders."""
    if node.kind == StatementKind.Case:
        for group in node.items:
            for item in group.expressions:
                yield from _against(node.expr, item)
                # `case (1'b1)` compares the items instead.
                yield item, node.expr
    elif node.kind == ExpressionKind.Inside:
        for item in node.rangeList:
            yield from _against(node.left, item)
    elif node.op in _COMPARISONS:
        yield node.left, node.right
        yield node.right, node.left


def _against(signal: Any, item: Any) -> Iterator[tuple[Any, Any]]:
    if item.kind == ExpressionKind.ValueRange:
        yield signal, item.left
        yield signal, item.right
    else:
        yield signal, item


def _name(signal: Any, tracer: Tracer) -> str:
    """The top's port the signal is, else its path below the top, else ""."""
    if (port := tracer.port(signal)) is not None:
        return port
    symbol = symbol_of(signal)
    return "" if symbol is None else path_of(symbol).partition(".")[2]
