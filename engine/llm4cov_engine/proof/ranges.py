"""Indices that are out of range, or may be.

Verilator 5.048 takes such an index modulo the next power of two and writes another element than the one
nobody has; the language says that nothing is written (IEEE 1800-2023, 7.4.5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyslang import SVInt
from pyslang.ast import (
    ASTContext,
    EvalContext,
    ExpressionKind,
    LookupLocation,
    StatementKind,
    SymbolKind,
    VisitAction,
)

from llm4cov_engine.elaboration.netlist import SELECTIONS, stripped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm4cov_engine.elaboration.records import Span
    from llm4cov_engine.elaboration.spans import Places

_MOST_STEPS = 4096
"""Steps of loops that are followed, all nested ones of a statement together."""


def writes_out_of_range(top: Any, places: Places) -> list[Span]:
    """Assignments to an element that does not exist, or that an index of too many bits may name."""
    search = _Search(ASTContext(top.body, LookupLocation.max))

    def see(node: Any) -> VisitAction:
        if node.kind == SymbolKind.GenerateBlock and node.isUninstantiated:
            return VisitAction.Skip
        if node.kind in (SymbolKind.ProceduralBlock, SymbolKind.Subroutine):
            search.block(node.body)
            return VisitAction.Skip
        return VisitAction.Advance

    top.visit(see)
    return list(dict.fromkeys(places.span(reach) for reach in search.found))


class _Search:
    def __init__(self, scope: ASTContext) -> None:
        self.context = EvalContext(scope)
        self.found: list[Any] = []

    def block(self, body: Any) -> None:
        """Look at a procedural block."""
        self.context.pushEmptyFrame()
        try:
            self._walk(body, _MOST_STEPS)
        finally:
            self.context.popFrame()

    def _walk(self, node: Any, steps: int) -> None:
        def see(inner: Any) -> VisitAction:
            if inner.kind == StatementKind.ForLoop and inner is not node:
                self._loop(inner, steps)
                return VisitAction.Skip
            if inner.kind == ExpressionKind.Assignment:
                self._target(inner.left)
            return VisitAction.Advance

        node.visit(see)

    def _loop(self, loop: Any, steps: int) -> None:
        variables = self._variables(loop)
        if not variables:
            self._walk(loop.body, steps)
            return
        for symbol, value in variables:
            self.context.createLocal(symbol, value)
        try:
            for taken in range(steps):
                holds = loop.stopExpr.eval(self.context) if loop.stopExpr is not None else None
                if holds is None or not isinstance(holds.value, SVInt) or not int(holds.value):
                    break
                self._walk(loop.body, max(1, steps // (taken + 1)))
                if any(step.eval(self.context).value is None for step in loop.steps):
                    break
        finally:
            for symbol, _ in variables:
                self.context.deleteLocal(symbol)

    def _variables(self, loop: Any) -> list[tuple[Any, Any]]:
        declared = [each for each in loop.loopVars if each.initializer is not None]
        given = [
            each
            for each in loop.initializers
            if each.kind == ExpressionKind.Assignment and each.left.kind == ExpressionKind.NamedValue
        ]
        found = [
            *((symbol, symbol.initializer.eval(self.context)) for symbol in declared),
            *((each.left.symbol, each.right.eval(self.context)) for each in given),
        ]
        return found if all(value.value is not None for _, value in found) else []

    def _target(self, left: Any) -> None:
        for expression in _selections(left):
            if expression.kind != ExpressionKind.ElementSelect:
                continue
            kind = expression.value.type
            if not kind.isArray and not kind.isIntegral:
                continue
            bounds = kind.fixedRange if kind.hasFixedRange else None
            if bounds is None:
                continue
            index = expression.selector.eval(self.context).value
            if not isinstance(index, SVInt) or index.hasUnknown:
                if _dropped(expression.selector, bounds):
                    self.found.append(expression.sourceRange)
            elif not bounds.lower <= int(index) <= bounds.upper:
                self.found.append(expression.sourceRange)


def _dropped(selector: Any, bounds: Any) -> int:
    """Bits that the simulator keeps of an index that has more; 0 for one that has not."""
    kept = max(1, max(int(bounds.upper), 0).bit_length())
    return kept if int(stripped(selector).type.bitWidth) > kept else 0


def _selections(left: Any) -> Iterator[Any]:
    left = stripped(left)
    if left.kind == ExpressionKind.Concatenation:
        for operand in left.operands:
            yield from _selections(operand)
    while left.kind in SELECTIONS:
        yield left
        left = stripped(left.value)
