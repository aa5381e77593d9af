"""What a text declares, and a session's rounds, as symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from llm4cov_engine import DeclarationKind, percent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm4cov_engine import Declared, Node
    from llm4cov_lsp.picture import Picture
    from llm4cov_lsp.positions import Lines

_KINDS = {
    DeclarationKind.MODULE: types.SymbolKind.Module,
    DeclarationKind.INTERFACE: types.SymbolKind.Interface,
    DeclarationKind.PROGRAM: types.SymbolKind.Module,
    DeclarationKind.PACKAGE: types.SymbolKind.Package,
    DeclarationKind.CLASS: types.SymbolKind.Class,
    DeclarationKind.PRIMITIVE: types.SymbolKind.Function,
    DeclarationKind.CHECKER: types.SymbolKind.Module,
}


def document_symbols(
    declared: Iterable[Declared], lines: Lines, picture: Picture | None
) -> list[types.DocumentSymbol]:
    """Declarations and what they instantiate; modules with their score."""
    found = []
    for each in declared:
        scored = picture.score_of(each.name) if picture is not None else None
        reach = lines.span(each.span)
        head = lines.rest(each.span.line, each.span.column)
        children = []
        for item in each.instances:
            span = lines.span(item.span)
            if item.instance:
                children.append(
                    types.DocumentSymbol(item.instance, types.SymbolKind.Object, span, span, item.module)
                )
        found.append(
            types.DocumentSymbol(
                name=each.name,
                kind=_KINDS[each.kind],
                range=reach,
                selection_range=head if head.end <= reach.end else types.Range(reach.start, reach.start),
                detail=percent(scored[0]) if scored else None,
                children=children,
            )
        )
    return found


def round_name(node: Node) -> str:
    """A round in a line: "round 3: 94.2 % (+6.0), human, edited by hand"."""
    if node.number == 0:
        return "nothing yet"
    status = node.status.value if node.status else ""
    said = (
        f"{percent(node.score)} ({node.gain * 100:+.1f})" if status == "success" else status.replace("_", " ")
    )
    author = node.author.value if node.author else "outside"
    return f"round {node.number}: {said}, {author}" + (f", {node.note}" if node.note else "")


def round_symbols(picture: Picture, uri: str, query: str) -> list[types.WorkspaceSymbol]:
    """The rounds of a design's session, where a query finds them."""
    found = []
    for node in picture.nodes[1:]:
        name = round_name(node)
        if query.lower() in name.lower():
            start = types.Position(0, 0)
            location = types.Location(uri, types.Range(start, start))
            kind = types.SymbolKind.Event
            found.append(
                types.WorkspaceSymbol(
                    location=location, name=name, kind=kind, container_name=picture.design.id
                )
            )
    return found
