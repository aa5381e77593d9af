"""Code that an instance never runs because its parameters say so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyslang import SVInt
from pyslang.ast import ASTContext, EvalContext, LookupLocation, StatementKind, SymbolKind, VisitAction

from llm4cov_engine.proof.syntax import Reach

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design


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
    found = DeadCode()
    manager, places = unit.reader.manager, unit.reader.places
    # A body is a scope at run time; the type stubs know only one of its bases.
    scope: Any = top.body
    context = EvalContext(ASTContext(scope, LookupLocation.max))

    def reach(node: Any) -> Reach | None:
        # A block of one statement has only the statement's range; its syntax has its own.
        extent = node.syntax.sourceRange if node.syntax is not None else node.sourceRange
        start, end = extent.start, extent.end
        if not manager.isFileLoc(start) or not manager.isFileLoc(end) or start.buffer.id != end.buffer.id:
            return None
        return places.buffer(start.buffer), start.offset, end.offset

    def note(path: str, node: Any) -> None:
        if len(node.conditions) != 1 or node.conditions[0].pattern is not None:
            return
        value = node.conditions[0].expr.eval(context).value
        if not isinstance(value, SVInt) or value.hasUnknown:
            return
        dead = node.ifFalse if int(value) else node.ifTrue
        if dead is not None and (extent := reach(dead)) is not None:
            found.reaches.setdefault(path, []).append(extent)
        elif dead is None and (extent := reach(node)) is not None:
            found.without_else.setdefault(path, set()).add(extent)

    def note_case(path: str, node: Any) -> None:
        chosen = node.expr.eval(context).value
        if node.condition.name != "Normal" or not isinstance(chosen, SVInt) or chosen.hasUnknown:
            return
        taken = False
        for item in node.items:
            values = [each.eval(context).value for each in item.expressions]
            if not all(isinstance(each, SVInt) and not each.hasUnknown for each in values):
                return
            is_first = not taken and any(int(each) == int(chosen) for each in values)
            taken |= is_first
            if not is_first and (extent := reach(item.stmt)) is not None:
                found.reaches.setdefault(path, []).append(extent)
        if taken and node.defaultCase is not None and (extent := reach(node.defaultCase)) is not None:
            found.reaches.setdefault(path, []).append(extent)

    def walk(path: str, body: Any) -> None:
        def see(node: Any) -> VisitAction:
            if node.kind == SymbolKind.Instance:
                walk(str(node.hierarchicalPath).partition(".")[2], node.body)
                return VisitAction.Skip
            if node.kind == SymbolKind.GenerateBlock and node.isUninstantiated:
                return VisitAction.Skip
            if node.kind == SymbolKind.Subroutine:
                return VisitAction.Skip
            if node.kind == StatementKind.Conditional:
                note(path, node)
            elif node.kind == StatementKind.Case:
                note_case(path, node)
            return VisitAction.Advance

        body.visit(see)

    walk("", top.body)
    return found
