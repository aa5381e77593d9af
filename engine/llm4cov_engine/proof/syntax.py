"""Finds the places of a design in its syntax trees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from llm4cov_engine.coverage.blocks import blocks_of
from llm4cov_engine.proof.scopes import Body, Owner, Scopes

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.proof.scopes import Reach

NAME = re.compile(r"[A-Za-z_][\w$]*")

_STATEMENTS = frozenset(
    (
        "BlockingEventTriggerStatement", "CaseStatement", "ConditionalStatement", "DoWhileStatement",
        "EmptyStatement", "ExpressionStatement", "ForLoopStatement", "ForeachLoopStatement",
        "ForeverStatement", "JumpStatement", "LoopStatement", "ReturnStatement", "SequentialBlockStatement",
        "TimingControlStatement", "VoidCastedCallStatement",
    )
)  # fmt: skip
_STEPPING = frozenset(("ForLoopStatement", "ForeachLoopStatement"))
_LOOPS = frozenset(("ForLoopStatement", "ForeachLoopStatement", "LoopStatement", "DoWhileStatement"))
_ITEMS = frozenset(("ContinuousAssign", "DataDeclaration", "NetDeclaration"))
_SCOPES = {"ModuleDeclaration": "endmodule", "GenerateBlock": "end"}
_PROCEDURES = frozenset(("AlwaysBlock", "AlwaysCombBlock", "AlwaysFFBlock", "AlwaysLatchBlock"))
_ROUTINES = frozenset(("FunctionDeclaration", "TaskDeclaration"))
_ASIDE = frozenset(
    ("InitialBlock", "FinalBlock", "PackageDeclaration", "ClassDeclaration", "InterfaceDeclaration")
)
"""What runs outside of the model, or stands where no assertion may."""

_CLAIMS = frozenset(
    (
        "AssertPropertyStatement", "AssumePropertyStatement", "ClockingDeclaration", "CoverPropertyStatement",
        "CoverSequenceStatement", "CovergroupDeclaration", "DefaultDisableDeclaration",
        "ImmediateAssertStatement", "ImmediateAssumeStatement", "ImmediateCoverStatement",
        "PropertyDeclaration", "RestrictPropertyStatement", "SequenceDeclaration",
    )
)  # fmt: skip
"""What the RTL says of itself, without a part in what it does; the prover's front ends know little of it."""


def read_scopes(design: Design, *, with_routines: bool) -> Scopes:
    """Read the places of a design's sources.

    Args:
        with_routines: take in functions and tasks; not when something calls them at time 0.
    """
    from llm4cov_engine.elaboration.compilation import Reader

    reader = Reader(design.headers, design.include_dirs, design.defines)
    tree = reader.parse(design.sources)
    texts = {
        file.name: file.text.encode("utf-8", "surrogatepass") for file in (*design.headers, *design.sources)
    }
    found = Scopes(texts)
    _Walk(reader, found, with_routines).visit(tree.root)
    for owners in found.owners.values():
        owners.sort(key=lambda owner: (owner.reach[1], -owner.reach[2]))
    return found


class _Walk:
    def __init__(self, reader: Any, found: Scopes, with_routines: bool) -> None:
        self.reader = reader
        self.found = found
        self.with_routines = with_routines
        self.frames: set[tuple[str, int, int]] = set()

    def visit(self, root: Any) -> None:
        from pyslang.ast import VisitAction

        def see(node: Any) -> Any:
            kind = node.kind.name if hasattr(node, "sourceRange") else ""
            if not kind:
                return VisitAction.Advance
            if kind in _ASIDE or (kind in _ROUTINES and not self.with_routines):
                self._shut(node)
                return VisitAction.Skip
            if kind in _CLAIMS:
                return VisitAction.Skip
            self._note(node, kind)
            return VisitAction.Advance

        root.visit(see)
        root.visit(self._silence)

    def _silence(self, node: Any) -> Any:
        """Note what is to be left out of a copy, wherever it stands."""
        from pyslang.ast import VisitAction

        kind = node.kind.name if hasattr(node, "sourceRange") else ""
        if kind not in _CLAIMS:
            return VisitAction.Advance
        if (reach := self._reach(node)) is not None:
            self.found.claims.append(reach)
        return VisitAction.Skip

    def _shut(self, node: Any) -> None:
        reach = self._reach(node)
        if reach is not None:
            self.found.shut.setdefault(reach[0], []).append(reach[1:])

    def _note(self, node: Any, kind: str) -> None:
        if kind in _SCOPES:
            self._scope(node, kind)
        elif kind in _PROCEDURES or kind in _ROUTINES:
            self._shut(node)
            if kind in _PROCEDURES:
                self._frame(node)
        elif kind in _STATEMENTS or kind in _ITEMS:
            self._owner(node, kind)
        elif kind == "ConditionalExpression":
            self._question(node)
        elif kind == "AttributeInstance":
            self._blank(node)
        if kind == "ConditionalStatement" or kind == "CaseStatement":
            self._blank_token(getattr(node, "uniqueOrPriority", None))
        self._bodies(node, kind)

    def _reach(self, node: Any) -> Reach | None:
        return self._between(node.getFirstToken(), node.getLastToken())

    def _between(self, first: Any, last: Any) -> Reach | None:
        """The reach from one token to another; None for text that comes from macros."""
        manager = self.reader.manager
        start, end = first.range.start, last.range.end
        if not manager.isFileLoc(start) or not manager.isFileLoc(last.range.start):
            return None
        if start.buffer.id != end.buffer.id:
            return None
        name = self.reader.places.buffer(start.buffer)
        if name not in self.found.texts or end.offset < start.offset:
            return None
        return name, start.offset, end.offset

    def _scope(self, node: Any, kind: str) -> None:
        reach = self._reach(node)
        closing = self._between(*(2 * (getattr(node, _SCOPES[kind]),)))
        if reach is not None and closing is not None and closing[0] == reach[0]:
            self.found.scopes.setdefault(reach[0], []).append((reach[1], reach[2], closing[1]))

    def _frame(self, node: Any) -> None:
        """Keep away from what makes an asynchronous reset: the first `if` of a block of several edges."""
        statement = node.statement
        if statement.kind.name != "TimingControlStatement":
            return
        if str(statement.timingControl).count("edge") < 2:
            return
        inner = statement.statement
        while inner is not None:
            if (reach := self._reach(inner)) is not None:
                self.frames.add(reach)
            if inner.kind.name != "SequentialBlockStatement":
                if inner.kind.name == "ConditionalStatement" and (reach := self._reach(inner.statement)):
                    self.frames.add(reach)
                return
            inner = next(iter(inner.items), None)

    def _owner(self, node: Any, kind: str) -> None:
        reach = self._reach(node)
        if reach is None:
            return
        body = getattr(node, "statement", None) if kind in _LOOPS else None
        inner = self._reach(body) if body is not None else None
        if kind in _STATEMENTS and reach not in self.frames and kind != "TimingControlStatement":
            self.found.statements.add(reach)
        self.found.owners.setdefault(reach[0], []).append(
            Owner(
                reach,
                is_item=kind in _ITEMS and _is_in_scope(node),
                allowed=reach not in self.frames and kind != "TimingControlStatement",
                is_loop=kind in _LOOPS,
                body_start=inner[1] if inner is not None else reach[2],
                is_event_control=kind == "TimingControlStatement",
                header=self._names(reach, inner) if kind in _STEPPING and inner is not None else frozenset(),
            )
        )

    def _names(self, reach: Reach, body: Reach) -> frozenset[str]:
        """The names between the beginning of a loop and its body."""
        text = self.found.texts[reach[0]][reach[1] : body[1]].decode("utf-8", "replace")
        return frozenset(NAME.findall(text))

    def _question(self, node: Any) -> None:
        token = _location(node.left)
        place = self.reader.places.point(token.location)
        mark = self._between(token, token)
        if place is None or mark is None:
            return
        around: list[str] = []
        inner, outer = node, node.parent
        while outer is not None and outer.kind.name not in _STATEMENTS | _ITEMS:
            if outer.kind.name == "ConditionalExpression":
                text = self._text(outer.predicate)
                if text is None:
                    return
                is_first = outer.left.sourceRange == inner.sourceRange
                is_second = outer.right.sourceRange == inner.sourceRange
                if is_first != is_second:
                    around.append(text if is_first else f"!({text})")
            inner, outer = outer, outer.parent
        text = self._text(node.predicate)
        if text is not None:
            context = "".join(f"{each} && " for each in around)
            self.found.questions[(place.file, place.line, place.column)] = (context, text, f"!({text})")

    def _text(self, node: Any) -> str | None:
        reach = self._reach(node)
        if reach is None:
            return None
        return "(" + self.found.texts[reach[0]][reach[1] : reach[2]].decode("utf-8", "replace") + ")"

    def _blank(self, node: Any) -> None:
        reach = self._reach(node)
        if reach is not None:
            self.found.blanks.append(reach)

    def _blank_token(self, token: Any) -> None:
        if token:
            reach = self._between(token, token)
            if reach is not None and reach[2] > reach[1]:
                self.found.blanks.append(reach)

    def _bodies(self, node: Any, kind: str) -> None:
        if kind in _PROCEDURES or kind in _ROUTINES:
            return
        condition, statement = "", None
        if kind == "ConditionalStatement":
            bodies = [node.statement, *([node.elseClause.clause] if node.elseClause is not None else [])]
            self.found.branches |= {reach for body in bodies if (reach := self._reach(body)) is not None}
            condition, statement = self._text(node.predicate) or "", self._reach(node)
        for token, shift, body in blocks_of(node):
            taken = f"!{condition}" if shift and condition else condition
            self._body(token, shift, body, taken, statement)
        if kind == "ConditionalStatement" and node.elseClause is None:
            then = self._reach(node.statement)
            place = self.reader.places.point(node.ifKeyword.location)
            if statement is not None and then is not None and place is not None:
                self.found.bodies[(place.file, place.line, place.column + 1)] = Body(
                    statement,
                    is_missing_else=True,
                    then=then,
                    allowed=statement not in self.frames,
                    condition=f"!{condition}" if condition else "",
                    statement=statement,
                )

    def _body(self, token: Any, shift: int, body: Any, condition: str, statement: Reach | None) -> None:
        place = self.reader.places.point(token.location)
        reach = self._reach(body) if body is not None else None
        if place is None or reach is None or reach[0] != place.file:
            return
        self.found.bodies[(place.file, place.line, place.column + shift)] = Body(
            reach,
            allowed=reach not in self.frames,
            condition=condition,
            statement=statement if statement not in self.frames else None,
        )


def _location(expression: Any) -> Any:
    """The token at which the simulator sees an expression: its operator, or its beginning."""
    while expression.kind.name == "ParenthesizedExpression":
        expression = expression.expression
    for name in ("question", "operatorToken"):
        if (token := getattr(expression, name, None)) is not None:
            return token
    if expression.kind.name == "IdentifierSelectName":
        return expression.selectors[0].getFirstToken()
    return expression.getFirstToken()


def _is_in_scope(node: Any) -> bool:
    parent = node.parent
    while parent is not None and parent.kind.name == "SyntaxList":
        parent = parent.parent
    return parent is not None and parent.kind.name in _SCOPES
