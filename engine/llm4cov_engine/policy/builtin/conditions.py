"""What has to hold of a design's inputs at each of its branches: words of bits looked at together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pyslang.ast import BinaryOperator, ExpressionKind, StatementKind, SymbolKind, UnaryOperator, VisitAction

from llm4cov_engine.elaboration.netlist import path_of, read_netlist, stripped
from llm4cov_engine.elaboration.values import Values
from llm4cov_engine.policy.builtin.origins import Follower

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_CUBES: Final = 24
"""Ways in which a condition may hold that are told apart."""

_MOST_FOUND: Final = 100_000
"""Words, found again ones counted again, after which the rest of a large design is not looked at."""

_DEPTH: Final = 5
"""Signals of one bit that are looked through."""

_WIDEST: Final = 64


@dataclass(frozen=True, slots=True)
class Word:
    """Bits of a port that are looked at together: those of `mask`, which then are as in `value`."""

    mask: int
    value: int

    def extends(self, other: Word) -> bool:
        """Whether whatever fits this word fits the other."""
        return self.mask & other.mask == other.mask and self.value & other.mask == other.value


_Cube = dict[str, Word]
"""What has to hold of which port, or of which signal that no port was found for."""


class ConditionReader:
    """Collects, at every branch of the RTL, what has to hold of the inputs for it to be taken."""

    def __init__(self, top: Any) -> None:
        self.words: dict[str, dict[Word, None]] = {}
        self.widths: dict[str, int] = {}
        self._values = Values(top)
        self._netlist = read_netlist(top)
        self._follower = Follower(top, self._netlist, self._values, keeps=True)
        self._count = 0
        self.shifts = self._follower.shifts
        self._known: dict[str, tuple[_Cube, ...]] = {}

    def origins(self, expression: Any) -> list[tuple[str, int]]:
        """Where the least significant bit of an expression starts out."""
        return list(dict.fromkeys(self._follower.origins(expression)))

    def see(self, node: Any) -> VisitAction:
        """Called for every node of the design."""
        if self._count > _MOST_FOUND:
            return VisitAction.Skip
        kind = node.kind
        if kind == SymbolKind.GenerateBlock and node.isUninstantiated:
            return VisitAction.Skip
        if kind == SymbolKind.ProceduralBlock:
            self._statement(node.body, ({},))
            return VisitAction.Skip
        if kind == SymbolKind.ContinuousAssign:
            self._assignment(node.assignment, ({},))
        elif kind == SymbolKind.Net and node.initializer is not None and node.type.bitWidth == 1:
            self._note(self._cubes(node.initializer, _DEPTH))
        elif kind in (SymbolKind.Variable, SymbolKind.Net) and node.type.isIntegral:
            self.widths[f".{path_of(node)}"] = int(node.type.bitWidth)
        return VisitAction.Advance

    def _note(self, cubes: Iterable[_Cube]) -> None:
        for cube in cubes:
            for anchor, word in cube.items():
                self.words.setdefault(anchor, {})[word] = None
                self._count += 1

    def _statement(self, statement: Any, path: tuple[_Cube, ...]) -> None:
        """Walk a statement that is reached in the given ways."""
        kind = statement.kind
        if self._count > _MOST_FOUND:
            return
        if kind == StatementKind.Block:
            self._statement(statement.body, path)
        elif kind == StatementKind.List:
            for inner in statement.list:
                self._statement(inner, path)
        elif kind == StatementKind.Timed:
            self._statement(statement.stmt, path)
        elif kind == StatementKind.Conditional:
            self._conditional(statement, path)
        elif kind == StatementKind.Case:
            for group in statement.items:
                cubes = [cube for item in group.expressions for cube in self._item(statement.expr, item)]
                self._statement(group.stmt, self._further(path, tuple(cubes[:_MOST_CUBES])))
            if statement.defaultCase is not None:
                self._statement(statement.defaultCase, path)
        elif kind == StatementKind.ExpressionStatement:
            self._assignment(statement.expr, path)
        elif kind == StatementKind.ForLoop:
            self._statement(statement.body, path)

    def _conditional(self, statement: Any, path: tuple[_Cube, ...]) -> None:
        conditions = [each.expr for each in statement.conditions]
        fixed = self._values.integer(conditions[0]) if len(conditions) == 1 else None
        if fixed is None or fixed:
            taken = path
            for each in conditions:
                taken = self._further(taken, self._cubes(each, _DEPTH))
            self._statement(statement.ifTrue, taken)
        if statement.ifFalse is not None and not fixed:
            otherwise = self._cubes(conditions[0], _DEPTH, wanted=False) if len(conditions) == 1 else ()
            self._statement(statement.ifFalse, self._further(path, otherwise))

    def _further(self, path: tuple[_Cube, ...], cubes: tuple[_Cube, ...]) -> tuple[_Cube, ...]:
        """The ways on behind a condition, which are noted."""
        if not cubes:
            return path
        joined = _both(path, cubes)
        # Two stages of a pipeline look at different words: what contradicts is none of one word.
        self._note(joined or cubes)
        return joined or cubes

    def _assignment(self, expression: Any, path: tuple[_Cube, ...]) -> None:
        if expression.kind == ExpressionKind.Assignment and expression.type.isIntegral:
            self._source(stripped(expression.right), path)

    def _source(self, source: Any, path: tuple[_Cube, ...]) -> None:
        """Note what the conditions inside of an assigned expression ask for."""
        if source.kind == ExpressionKind.ConditionalOp:
            taken = path
            for each in source.conditions:
                taken = self._further(taken, self._cubes(each.expr, _DEPTH))
            self._source(stripped(source.left), taken)
            self._source(stripped(source.right), path)
        elif source.kind == ExpressionKind.Concatenation:
            for operand in source.operands:
                self._source(stripped(operand), path)
        elif source.type.isIntegral and source.type.bitWidth == 1:
            self._further(path, self._cubes(source, _DEPTH))

    def _item(self, subject: Any, item: Any) -> tuple[_Cube, ...]:
        """How an item of a case statement is met."""
        if self._values.is_constant(subject):
            return self._cubes(item, _DEPTH)
        pattern = self._values.pattern(item)
        return self._equal(subject, *pattern) if pattern is not None else ()

    def _cubes(self, expression: Any, depth: int, *, wanted: bool = True) -> tuple[_Cube, ...]:
        """Ways in which an expression is true, or false; none where it says nothing about inputs."""
        expression = stripped(expression)
        kind = expression.kind
        if kind == ExpressionKind.UnaryOp:
            return self._unary(expression, depth, wanted)
        if kind == ExpressionKind.BinaryOp:
            return self._binary(expression, depth, wanted)
        if kind == ExpressionKind.Inside and wanted:
            patterns = (self._values.pattern(item) for item in expression.rangeList)
            cubes = (self._equal(expression.left, *each) for each in patterns if each is not None)
            return tuple(cube for each in cubes for cube in each)[:_MOST_CUBES]
        if not expression.type.isIntegral or expression.type.bitWidth != 1:
            return ()
        if kind in (ExpressionKind.NamedValue, ExpressionKind.HierarchicalValue):
            if wanted and depth and (found := self._signal(expression.symbol, depth)):
                return found
            return self._equal(expression, 1, int(wanted))
        if kind in (ExpressionKind.ElementSelect, ExpressionKind.RangeSelect, ExpressionKind.MemberAccess):
            return self._equal(expression, 1, int(wanted))
        return ()

    def _signal(self, symbol: Any, depth: int) -> tuple[_Cube, ...]:
        """Ways in which a signal of one bit is true, by what is assigned to it."""
        path = path_of(symbol)
        if path not in self._known:
            self._known[path] = ()
            found: list[_Cube] = []
            for source in self._follower.assigned_to(path):
                if not self._values.is_constant(stripped(source)):
                    found += self._cubes(source, depth - 1)
            self._known[path] = tuple(found[:_MOST_CUBES])
        return self._known[path]

    def _unary(self, expression: Any, depth: int, wanted: bool) -> tuple[_Cube, ...]:
        operator, operand = expression.op, stripped(expression.operand)
        width = int(operand.type.bitWidth) if operand.type.isIntegral else 0
        if operator == UnaryOperator.LogicalNot or (operator == UnaryOperator.BitwiseNot and width == 1):
            if width == 1:
                return self._cubes(operand, depth, wanted=not wanted)
            return self._equal(operand, (1 << width) - 1, 0) if wanted and width else ()
        if operator in (UnaryOperator.BitwiseOr, UnaryOperator.BitwiseNor):
            if wanted == (operator == UnaryOperator.BitwiseNor):
                return self._equal(operand, (1 << width) - 1, 0)
            if operand.kind == ExpressionKind.Concatenation:
                return tuple(
                    cube
                    for each in operand.operands
                    if each.type.bitWidth == 1
                    for cube in self._cubes(each, depth)
                )[: 2 * _MOST_CUBES]
        if operator == UnaryOperator.BitwiseAnd and wanted:
            return self._equal(operand, (1 << width) - 1, (1 << width) - 1)
        return ()

    def _binary(self, expression: Any, depth: int, wanted: bool) -> tuple[_Cube, ...]:
        operator, left, right = expression.op, expression.left, expression.right
        if operator in _EQUAL:
            if wanted != (operator in _SAME):
                return ()
            for subject, constant in ((left, right), (right, left)):
                pattern = self._values.pattern(constant)
                if pattern is not None:
                    return self._equal(stripped(subject), *pattern)
            return ()
        if expression.type.bitWidth != 1 or operator not in _BOTH | _EITHER:
            return ()
        if wanted and operator in _BOTH and 0 in (self._values.integer(left), self._values.integer(right)):
            return ()
        sides = [self._cubes(side, depth, wanted=wanted) for side in (left, right)]
        if (operator in _BOTH) == wanted:
            if all(sides):
                return _both(*sides)
            return sides[0] or sides[1]
        return (*sides[0], *sides[1])[: 2 * _MOST_CUBES]

    def _equal(self, subject: Any, mask: int, value: int) -> tuple[_Cube, ...]:
        """How the bits of an expression come to be those of a constant, by the signals they start from."""
        subject = stripped(subject)
        if self._values.is_constant(subject):
            return ()
        if subject.kind == ExpressionKind.BinaryOp and subject.op == BinaryOperator.BinaryAnd:
            for inner, selecting in ((subject.left, subject.right), (subject.right, subject.left)):
                pattern = self._values.pattern(selecting)
                if pattern is not None:
                    return self._equal(inner, mask & pattern[1], value) if not value & ~pattern[1] else ()
        if not subject.type.isIntegral or (width := int(subject.type.bitWidth)) > _WIDEST:
            return ()
        # The same bits may come by several ways: what keeps its order comes by one.
        ways: dict[str, dict[int, list[int]]] = {}
        for bit in range(width):
            if mask >> bit & 1:
                for anchor, place in self._follower.origins_of_bit(subject, bit):
                    ways.setdefault(anchor, {}).setdefault(place - bit, []).append(bit)
        best = {anchor: _word(value, offsets) for anchor, offsets in ways.items()}
        most = max((word.mask.bit_count() for word in best.values()), default=0)
        found = {anchor: word for anchor, word in best.items() if word.mask.bit_count() == most}
        of_ports = {anchor: word for anchor, word in found.items() if not anchor.startswith(".")}
        return tuple({anchor: word} for anchor, word in list((of_ports or found).items())[:2])


_SAME: Final = frozenset(
    (BinaryOperator.Equality, BinaryOperator.CaseEquality, BinaryOperator.WildcardEquality)
)
_EQUAL: Final = _SAME | {
    BinaryOperator.Inequality,
    BinaryOperator.CaseInequality,
    BinaryOperator.WildcardInequality,
}
_BOTH: Final = frozenset((BinaryOperator.LogicalAnd, BinaryOperator.BinaryAnd))
_EITHER: Final = frozenset((BinaryOperator.LogicalOr, BinaryOperator.BinaryOr))


def _word(value: int, offsets: dict[int, list[int]]) -> Word:
    """The word that has the bits of a value each at a place it comes from, most of them by one way."""
    taken: set[int] = set()
    word = Word(0, 0)
    for offset, bits in sorted(offsets.items(), key=lambda each: -len(each[1])):
        for bit in bits:
            place = 1 << (bit + offset)
            if bit not in taken and not word.mask & place:
                taken.add(bit)
                word = Word(word.mask | place, word.value | (value >> bit & 1) * place)
    return word


def _both(one: tuple[_Cube, ...], other: tuple[_Cube, ...]) -> tuple[_Cube, ...]:
    """The ways in which both hold."""
    found = []
    for left in one:
        for right in other:
            if all(_agree(word, left[anchor]) for anchor, word in right.items() if anchor in left):
                found.append(
                    left | {anchor: _joined(word, left.get(anchor)) for anchor, word in right.items()}
                )
            if len(found) >= 2 * _MOST_CUBES:
                return tuple(found)
    return tuple(found)


def _agree(one: Word, other: Word) -> bool:
    shared = one.mask & other.mask
    return one.value & shared == other.value & shared


def _joined(one: Word, other: Word | None) -> Word:
    return one if other is None else Word(one.mask | other.mask, one.value | other.value)
