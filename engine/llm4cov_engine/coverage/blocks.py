"""Where the blocks that coverage points stand for begin and end, by pyslang's syntax tree.

Verilator puts a point at the `if` keyword for the first branch and one column further for the other, at the
colon of a case item or its `default` keyword, at the keyword of an always block or a loop, and at the name
of a function or task.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from llm4cov_engine.design.identity import ByDigest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.elaboration.records import Span

Place = tuple[str, int, int]
"""File, line and column of a point."""

Extent = tuple[tuple[int, int], tuple[int, int]]
"""Line and column of the start, and of the end, which is exclusive."""

_CACHED = 4


def extents(design: Design) -> dict[Place, Extent]:
    """What stands inside the block of a point, by the place of the point, for every block of a design.

    Text that a macro brings in has no place of its own, so blocks made by macros are not found.
    """
    return _extents(ByDigest(design))


@lru_cache(maxsize=_CACHED)
def _extents(key: ByDigest) -> dict[Place, Extent]:
    from llm4cov_engine.elaboration.compilation import Reader

    design = key.design
    reader = Reader(design.headers, design.include_dirs, design.defines)
    tree = reader.parse(design.sources)
    found: dict[Place, Extent] = {}

    def note(node: Any) -> None:
        for token, shift, body in blocks_of(node):
            place = reader.places.point(token.location)
            if place is None or body is None:
                continue
            span = reader.places.span(body.sourceRange)
            if span.file == place.file:
                found[(place.file, place.line, place.column + shift)] = _extent(span)

    tree.root.visit(note)
    return found


def _extent(span: Span) -> Extent:
    return (span.line, span.column), (span.end_line, span.end_column)


def blocks_of(node: Any) -> Iterator[_Found]:
    """The blocks that coverage points may stand for at a node of the syntax tree."""
    finder = _FINDERS.get(node.kind.name)
    return finder(node) if finder is not None else iter(())


_Found = tuple[Any, int, Any]
"""The token a point stands at, columns the point is away from it, and the syntax inside the block."""


def _conditional(node: Any) -> Iterator[_Found]:
    yield node.ifKeyword, 0, node.statement
    if node.elseClause is not None:
        yield node.ifKeyword, 1, node.elseClause.clause


def _case_item(node: Any) -> Iterator[_Found]:
    yield node.colon, 0, node.clause


def _default_item(node: Any) -> Iterator[_Found]:
    yield node.defaultKeyword, 0, node.clause


def _procedure(node: Any) -> Iterator[_Found]:
    yield node.keyword, 0, node.statement


def _loop(node: Any) -> Iterator[_Found]:
    yield node.getFirstToken(), 0, node.statement


def _subroutine(node: Any) -> Iterator[_Found]:
    yield node.prototype.name.getLastToken(), 0, node


_FINDERS: dict[str, Callable[[Any], Iterator[_Found]]] = {
    "ConditionalStatement": _conditional,
    "StandardCaseItem": _case_item,
    "DefaultCaseItem": _default_item,
    "AlwaysBlock": _procedure,
    "AlwaysCombBlock": _procedure,
    "AlwaysFFBlock": _procedure,
    "AlwaysLatchBlock": _procedure,
    "InitialBlock": _procedure,
    "FinalBlock": _procedure,
    "ForLoopStatement": _loop,
    "ForeachLoopStatement": _loop,
    "LoopStatement": _loop,
    "DoWhileStatement": _loop,
    "ForeverStatement": _loop,
    "FunctionDeclaration": _subroutine,
    "TaskDeclaration": _subroutine,
}
