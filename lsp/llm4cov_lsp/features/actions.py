"""What the light bulb offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from llm4cov_engine import DeclarationKind, percent
from llm4cov_lsp.features.holes import SOURCE as HOLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llm4cov_engine import Declared
    from llm4cov_lsp.picture import Picture

_QUICK_FIX = types.CodeActionKind.QuickFix
_REFACTOR = types.CodeActionKind.Refactor
_ROUNDS = 3
"""Rounds whose testbenches are offered: the best ones."""

REASONS = {
    "Not reachable with this configuration": "not reachable with this configuration",
    "Not specified behaviour": "defensive code for behaviour that is not specified",
    "Covered elsewhere": "covered by other tests",
}
"""Reasons to waive a point, as an editor without a box for free text offers them."""


def hole_actions(diagnostics: Iterable[types.Diagnostic], uri: str) -> list[types.CodeAction]:
    """For coverage holes: close them, waive them."""
    found = []
    for each in diagnostics:
        holes = holes_of(each)
        if each.source != HOLES or not holes or each.tags:
            continue
        short = each.message if len(each.message) <= 60 else f"{each.message[:59]}…"
        aim = {"uri": uri, "holes": holes}
        found.append(_action(f"Close this hole: {short}", "llm4cov.close", aim, _QUICK_FIX, [each]))
        found.append(_action("Waive this point with a reason ...", "llm4cov.waive", aim, _QUICK_FIX, [each]))
    return found


def error_actions(diagnostics: Iterable[types.Diagnostic], uri: str) -> list[types.CodeAction]:
    """For errors in a testbench: let the policy repair it."""
    errors = [
        each
        for each in diagnostics
        if each.severity == types.DiagnosticSeverity.Error and each.source != HOLES
    ]
    if not errors:
        return []
    return [_action("Repair this error", "llm4cov.repair", {"uri": uri}, _QUICK_FIX, errors[:1])]


def module_actions(declared: Iterable[Declared], first: int, last: int, uri: str) -> list[types.CodeAction]:
    """For modules that stand on some lines, counted from 1."""
    found = []
    for each in declared:
        if each.kind is DeclarationKind.MODULE and each.has_ports and _meets(each, first, last):
            argument = {"uri": uri, "top": each.name}
            found.append(_action(f"Close coverage of {each.name}", "llm4cov.close", argument, _REFACTOR))
            found.append(
                _action(f"Create a testbench for {each.name}", "llm4cov.createTestbench", argument, _REFACTOR)
            )
    return found


def round_actions(
    picture: Picture, uri: str, text: str, *, resolved_later: bool, running: bool
) -> list[types.CodeAction]:
    """For a testbench: take that of a round instead, the best rounds first.

    Args:
        resolved_later: the client asks for the edit of the one that is chosen; else a command makes it.
    """
    best = sorted(picture.nodes[1:], key=lambda node: (node.goodness, -node.number), reverse=True)
    found = []
    for node in best[:_ROUNDS]:
        is_here = picture.current is not None and picture.current.number == node.number
        if is_here and picture.testbench is not None and picture.testbench.text == text:
            continue
        argument = {"uri": uri, "round": node.number}
        title = f"Apply the testbench of round {node.number} ({percent(node.score)})"
        if resolved_later:
            # When the edit is made, later rounds start from there; not in the middle of others.
            go_on = None if running else types.Command(title, "llm4cov.goTo", arguments=[argument])
            found.append(types.CodeAction(title, kind=_REFACTOR, data=argument, command=go_on))
        else:
            found.append(_action(title, "llm4cov.apply", argument, _REFACTOR))
    return found


def holes_of(diagnostic: types.Diagnostic) -> list[Any]:
    """The keys of the holes a diagnostic stands for."""
    data: object = diagnostic.data
    holes = data.get("holes") if isinstance(data, dict) else getattr(data, "holes", None)
    return list(holes) if isinstance(holes, list | tuple) else []


def _meets(declared: Declared, first: int, last: int) -> bool:
    return declared.span.line <= last and first <= declared.span.end_line


def _action(
    title: str,
    command: str,
    argument: dict[str, Any],
    kind: types.CodeActionKind,
    diagnostics: Sequence[types.Diagnostic] | None = None,
) -> types.CodeAction:
    return types.CodeAction(
        title=title,
        kind=kind,
        diagnostics=diagnostics,
        command=types.Command(title=title, command=command, arguments=[argument]),
    )
