"""Instances below the DUT, and module definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyslang.ast import SymbolKind, VisitAction

from llm4cov_engine.elaboration.records import Instance

if TYPE_CHECKING:
    from pyslang.ast import InstanceSymbol

    from llm4cov_engine.elaboration.spans import Places


def read_hierarchy(top: InstanceSymbol, name: str, places: Places) -> Instance:
    """The tree of instances; `name` stands for the top's own in every path."""
    return _instance(top, name, len(top.name), places)


def _instance(symbol: Any, name: str, skip: int, places: Places) -> Instance:
    children: list[Instance] = []

    def see(node: Any) -> VisitAction:
        if node.kind == SymbolKind.Instance:
            children.append(_instance(node, name, skip, places))
            return VisitAction.Skip
        if node.kind == SymbolKind.GenerateBlock and node.isUninstantiated:
            return VisitAction.Skip
        # Instances stand in bodies and in generate blocks, never in procedural code.
        return VisitAction.Skip if node.kind == SymbolKind.ProceduralBlock else VisitAction.Advance

    symbol.body.visit(see)
    return Instance(
        path=name + str(symbol.hierarchicalPath)[skip:],
        module=symbol.definition.name,
        span=places.name_span(symbol),
        children=tuple(children),
    )
