"""Indices that are out of range, or may be.

Verilator 5.048 takes such an index modulo the next power of two and writes another element than the one
nobody has; the language says that nothing is written (IEEE 1800-2023, 7.4.5).
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
from llm4cov_engine.elaboration.records import Span
from llm4cov_engine.proof.scopes import Reach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm4cov_engine.elaboration.compilation import Reader

_MOST_STEPS = 4096
"""Steps of loops that are followed, all nested ones of a statement together."""


@dataclass(frozen=True)
class Ranges:
    """Writes to elements that do not exist.

    Attributes:
        outside: where it is certain, or where it may happen and nothing can be done about it.
        narrowed: indices that have more bits than the elements need, and how many of them the simulator
            keeps, the lowest; then it looks whether there is such an element.
    """

    outside: tuple[Span, ...] = ()
    narrowed: dict[Reach, int] = field(default_factory=dict)


def read_ranges(top: Any, reader: Reader) -> Ranges:
    """Look at every write to an element, in all instances."""
    search = _Search(ASTContext(top.body, LookupLocation.max), reader)

    def see(node: Any) -> VisitAction:
        if node.kind == SymbolKind.GenerateBlock and node.isUninstantiated:
            return VisitAction.Skip
        if node.kind in (SymbolKind.ProceduralBlock, SymbolKind.Subroutine):
            search.block(node.body)
            return VisitAction.Skip
        return VisitAction.Advance

    top.visit(see)
    # A place that keeps so many bits in one instance and so many in another cannot be written down.
    unclear = [reach for reach, kept in search.kept.items() if len(kept) > 1]
    outside = [*search.found, *(search.ranges[reach] for reach in unclear)]
    return Ranges(
        tuple(dict.fromkeys(reader.places.span(each) for each in outside)),
        {reach: bits for reach, (bits, *more) in search.kept.items() if not more and bits},
    )


class _Search:
    def __init__(self, scope: ASTContext, reader: Reader) -> None:
        self.context = EvalContext(scope)
        self.reader = reader
        self.found: list[Any] = []
        self.kept: dict[Reach, set[int]] = {}
        self.ranges: dict[Reach, Any] = {}

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
            kind = expression.value.type
            bounds = kind.fixedRange if kind.hasFixedRange else None
            if bounds is None or not (kind.isArray or kind.isIntegral):
                continue
            if expression.kind == ExpressionKind.ElementSelect:
                self._element(expression, bounds)
            elif expression.kind == ExpressionKind.RangeSelect and not isinstance(
                expression.left.eval(self.context).value, SVInt
            ):
                self._part(expression, bounds)

    def _element(self, expression: Any, bounds: Any) -> None:
        index = expression.selector.eval(self.context).value
        if isinstance(index, SVInt) and not index.hasUnknown:
            if not bounds.lower <= int(index) <= bounds.upper:
                self.found.append(expression.sourceRange)
            return
        self._narrow(expression, expression.selector, _kept(expression.selector, bounds))

    def _part(self, expression: Any, bounds: Any) -> None:
        """Look at a part of a vector that begins at a variable place."""
        if expression.selectionKind.name == "IndexedUp" and bounds.left >= bounds.right:
            self._narrow(expression, expression.left, _kept(expression.left, bounds))
        else:
            # The simulator counts from the lower end, which may be below 0.
            self.found.append(expression.sourceRange)

    def _narrow(self, expression: Any, index: Any, bits: int) -> None:
        reach = self._reach(index)
        if reach is not None:
            self.kept.setdefault(reach, set()).add(bits)
            self.ranges[reach] = expression.sourceRange
        elif bits:
            self.found.append(expression.sourceRange)

    def _reach(self, node: Any) -> Reach | None:
        """Where an index stands; None for text that comes from macros."""
        manager, start, end = self.reader.manager, node.sourceRange.start, node.sourceRange.end
        is_file = manager.isFileLoc(start) and manager.isFileLoc(end)
        if not is_file or start.buffer.id != end.buffer.id:
            return None
        return self.reader.places.buffer(start.buffer), start.offset, end.offset


def _kept(selector: Any, bounds: Any) -> int:
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
