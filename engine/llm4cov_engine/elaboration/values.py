"""Constant expressions of an elaborated design as Python integers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyslang import SVInt
from pyslang.ast import ASTContext, EvalContext, LookupLocation

if TYPE_CHECKING:
    from pyslang.ast import InstanceSymbol


class Values:
    """Evaluates expressions that are constant after elaboration."""

    def __init__(self, top: InstanceSymbol) -> None:
        # A body is a scope at run time; the type stubs know only one of its bases.
        body: Any = top.body
        self._scope = ASTContext(body, LookupLocation.max)

    def is_constant(self, expression: Any) -> bool:
        """Whether the expression has a value that no signal changes."""
        return self._evaluate(expression).value is not None

    def integer(self, expression: Any) -> int | None:
        """The value of an integral constant, unknown bits as 0; None for anything else."""
        value = self._evaluate(expression).value
        if not isinstance(value, SVInt):
            return None
        value.flattenUnknowns()
        return int(value)

    def pattern(self, expression: Any) -> tuple[int, int] | None:
        """(mask of the known bits, their values) of an integral constant; None for anything else."""
        value = self._evaluate(expression).value
        if not isinstance(value, SVInt):
            return None
        known = mask = (1 << value.bitWidth) - 1
        if value.hasUnknown:
            known = sum(1 << bit for bit in range(value.bitWidth) if str(value[bit]) in "01")
        value.flattenUnknowns()
        return known, int(value) & mask & known

    def text(self, expression: Any) -> str | None:
        """The value of a constant string, written as one or packed into a vector; None for anything else."""
        value = self._evaluate(expression).convertToStr().value
        return value if isinstance(value, str) else None

    def _evaluate(self, expression: Any) -> Any:
        return expression.eval(EvalContext(self._scope))
