"""Names a design uses and nothing in it declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine.elaboration.compilation import code_of, compiled

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design

_CODES = {"UndeclaredIdentifier", "TypoIdentifier", "UnknownClassOrPackage"}


def undeclared_names(design: Design) -> frozenset[str]:
    """Identifiers that elaboration cannot find a declaration for, each as written."""
    return frozenset(
        str(diagnostic.args[0])
        for diagnostic in compiled(design).compilation.getAllDiagnostics()
        if code_of(diagnostic) in _CODES and diagnostic.args
    )
