"""Whether a testbench takes the DUT as it is: proofs are about the design's own parameters."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.testbench import Testbench


def keeps_parameters(design: Design, testbench: Testbench) -> bool:
    """Whether every instance of the DUT in a testbench has the parameters that elaboration gives it."""
    text = testbench.text
    top = re.escape(design.top)
    if "defparam" not in text and "`" not in text and not re.search(rf"\b{top}\s*#", text):
        return True
    if "defparam" not in text and not re.search(rf"\b{top}\b[^;]*#|#[^;]*\b{top}\b", text):
        return True
    return _elaborated_alike(design, testbench)


def _elaborated_alike(design: Design, testbench: Testbench) -> bool:
    from pyslang.ast import Compilation, CompilationOptions, SymbolKind, VisitAction

    from llm4cov_engine.design.design import SourceFile
    from llm4cov_engine.elaboration.compilation import Reader, compiled

    own = compiled(design)
    if own.top is None:
        return False
    wanted = _values(own.top)
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
    return bool(found) and all(each == wanted for each in found)


def _values(instance: Any) -> dict[str, str]:
    return {
        symbol.name: str(getattr(symbol, "value", None) or getattr(symbol, "targetType", None))
        for symbol in instance.body.parameters
    }
