"""The design as a testbench takes it: proofs are about one set of the DUT's parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from llm4cov_engine.design.design import Design

if TYPE_CHECKING:
    from llm4cov_engine.testbench import Testbench


@dataclass(frozen=True, slots=True)
class Taken:
    """The design with the parameters that a testbench gives it.

    Attributes:
        overrides: those that are not the design's own, as text.
    """

    design: Design
    overrides: Mapping[str, str]


def as_taken(design: Design, testbench: Testbench) -> Taken | None:
    """The design that a testbench simulates; None where that cannot be told, or is more than one."""
    if design.parameters:
        # They are for whoever takes the DUT as top; a testbench gives it what it likes.
        return _elaborated(design, testbench)
    text = testbench.text
    top = re.escape(design.top)
    if "defparam" not in text and "`" not in text and not re.search(rf"\b{top}\s*#", text):
        return Taken(design, {})
    if "defparam" not in text and not re.search(rf"\b{top}\b[^;]*#|#[^;]*\b{top}\b", text):
        return Taken(design, {})
    return _elaborated(design, testbench)


def _elaborated(design: Design, testbench: Testbench) -> Taken | None:
    from llm4cov_engine.elaboration.compilation import compiled

    own = compiled(design)
    given = _given(design, testbench)
    if own.top is None or not given or any(each != given[0] for each in given):
        return None
    wanted = _values(own.top)
    overrides = {name: value for name, value in given[0].items() if wanted.get(name) != value}
    settable = _literals(own.top)
    if not overrides.keys() <= settable:
        # What follows from others need not be set; what is no number cannot be.
        overrides = {name: value for name, value in overrides.items() if name in settable}
    if not overrides:
        return Taken(design, {}) if given[0] == wanted else None
    taken = replace(design, parameters={**design.parameters, **overrides})
    unit = compiled(taken)
    if unit.top is None or _values(unit.top) != given[0]:
        return None
    return Taken(taken, overrides)


def _given(design: Design, testbench: Testbench) -> list[dict[str, str]]:
    """The parameters of every instance of the DUT in a testbench."""
    from pyslang.ast import Compilation, CompilationOptions, SymbolKind, VisitAction

    from llm4cov_engine.design.design import SourceFile
    from llm4cov_engine.elaboration.compilation import Reader

    source = SourceFile(f"llm4cov_testbench/{testbench.name}", testbench.text)
    whole = replace(design, sources=(*design.sources, source))
    reader = Reader(whole.headers, whole.include_dirs, whole.defines)
    options = CompilationOptions()
    reader.options.compilationOptions = options
    compilation = Compilation(reader.options)
    compilation.addSyntaxTree(reader.parse(whole.sources))
    found: list[dict[str, str]] = []

    def see(node: Any) -> VisitAction:
        if node.kind == SymbolKind.Instance and node.definition.name == design.top:
            found.append(_values(node))
            return VisitAction.Skip
        return VisitAction.Skip if node.kind == SymbolKind.ProceduralBlock else VisitAction.Advance

    for top in compilation.getRoot().topInstances:
        top.visit(see)
    return found


def _values(instance: Any) -> dict[str, str]:
    return {symbol.name: _text(symbol) for symbol in instance.body.parameters}


def _text(symbol: Any) -> str:
    """A parameter's value: a sized literal for a number, as others print it for the rest."""
    from pyslang import SVInt

    value = getattr(symbol, "value", None)
    number = getattr(value, "value", None)
    if isinstance(number, SVInt) and not number.hasUnknown:
        width = int(number.bitWidth)
        sign = "s" if number.isSigned else ""
        return f"{width}'{sign}h{int(number) % (1 << width):x}"
    return str(value or getattr(symbol, "targetType", None))


def _literals(instance: Any) -> set[str]:
    """Names of the parameters that can be set, and whose values are numbers."""
    return {
        symbol.name
        for symbol in instance.body.parameters
        if not getattr(symbol, "isLocalParam", True) and "'" in _text(symbol)
    }
