"""Code that an instance never runs because its parameters say so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyslang import SVInt
from pyslang.ast import ASTContext, EvalContext, LookupLocation, StatementKind, SymbolKind, VisitAction

from llm4cov_engine.proof.scopes import Reach

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.elaboration.compilation import Reader


@dataclass
class DeadCode:
    """What is dead, by the path of an instance from the top on ("" for the top).

    Attributes:
        reaches: statements that never run.
        without_else: `if` statements that have no else and whose condition always holds.
    """

    reaches: dict[str, list[Reach]] = field(default_factory=dict)
    without_else: dict[str, set[Reach]] = field(default_factory=dict)

    def holds(self, path: str, reach: Reach) -> bool:
        """Whether a statement never runs in an instance."""
        return any(
            file == reach[0] and start <= reach[1] and reach[2] <= end
            for file, start, end in self.reaches.get(path, ())
        )


def find_dead_code(design: Design) -> DeadCode:
    """Statements behind conditions that elaboration makes constant, instance by instance."""
    from llm4cov_engine.elaboration.compilation import compiled
    from llm4cov_engine.elaboration.refusal import usable_top

    unit = compiled(design)
    top = usable_top(design, unit)
    search = _Search(unit.reader, top)
    search.walk("", top.body)
    return search.result()


class _Search:
    """Looks at every branch of a hierarchy.

    The steps of a generate loop share a path and a place, and so do their coverage points: what runs in one
    of them is not dead.
    """

    def __init__(self, reader: Reader, top: Any) -> None:
        self.manager, self.places = reader.manager, reader.places
        # A body is a scope at run time; the type stubs know only one of its bases.
        scope: Any = top.body
        self.context = EvalContext(ASTContext(scope, LookupLocation.max))
        self.dead = DeadCode()
        self.alive: set[tuple[str, Reach]] = set()
        self.has_else: set[tuple[str, Reach]] = set()

    def result(self) -> DeadCode:
        """What is dead wherever it stands."""
        reaches = {
            path: [reach for reach in reaches if (path, reach) not in self.alive]
            for path, reaches in self.dead.reaches.items()
        }
        without_else = {
            path: {reach for reach in reaches if (path, reach) not in self.has_else}
            for path, reaches in self.dead.without_else.items()
        }
        return DeadCode(reaches, without_else)

    def walk(self, path: str, body: Any) -> None:
        """Look at an instance and at those below it."""

        def see(node: Any) -> VisitAction:
            if node.kind == SymbolKind.Instance:
                self.walk(str(node.hierarchicalPath).partition(".")[2], node.body)
                return VisitAction.Skip
            if node.kind == SymbolKind.GenerateBlock and node.isUninstantiated:
                return VisitAction.Skip
            if node.kind == SymbolKind.Subroutine:
                return VisitAction.Skip
            if node.kind == StatementKind.Conditional:
                self._conditional(path, node)
            elif node.kind == StatementKind.Case:
                self._case(path, node)
            return VisitAction.Advance

        body.visit(see)

    def _reach(self, node: Any) -> Reach | None:
        # A block of one statement has only the statement's range; its syntax has its own.
        extent = node.syntax.sourceRange if node.syntax is not None else node.sourceRange
        start, end = extent.start, extent.end
        is_file = self.manager.isFileLoc(start) and self.manager.isFileLoc(end)
        if not is_file or start.buffer.id != end.buffer.id:
            return None
        return self.places.buffer(start.buffer), start.offset, end.offset

    def _note(self, path: str, node: Any, runs: bool) -> None:
        """Take in that a statement may run, or that it never does."""
        if node is None or (reach := self._reach(node)) is None:
            return
        if runs:
            self.alive.add((path, reach))
        else:
            self.dead.reaches.setdefault(path, []).append(reach)

    def _value(self, expression: Any) -> int | None:
        value = expression.eval(self.context).value
        return int(value) if isinstance(value, SVInt) and not value.hasUnknown else None

    def _conditional(self, path: str, node: Any) -> None:
        is_plain = len(node.conditions) == 1 and node.conditions[0].pattern is None
        value = self._value(node.conditions[0].expr) if is_plain else None
        self._note(path, node.ifTrue, runs=value != 0)
        self._note(path, node.ifFalse, runs=not value)
        if node.ifFalse is None and (reach := self._reach(node)) is not None:
            if value:
                self.dead.without_else.setdefault(path, set()).add(reach)
            else:
                self.has_else.add((path, reach))

    def _case(self, path: str, node: Any) -> None:
        for statement, runs in self._arms(node):
            self._note(path, statement, runs)

    def _arms(self, node: Any) -> list[tuple[Any, bool]]:
        """The arms of a case statement, and whether each may run."""
        chosen = self._value(node.expr) if node.condition.name == "Normal" else None
        named = [[self._value(each) for each in item.expressions] for item in node.items]
        if chosen is None or any(None in values for values in named):
            return [(each, True) for each in (*(item.stmt for item in node.items), node.defaultCase)]
        taken = next((number for number, values in enumerate(named) if chosen in values), None)
        arms = [(item.stmt, number == taken) for number, item in enumerate(node.items)]
        return [*arms, (node.defaultCase, taken is None)]
