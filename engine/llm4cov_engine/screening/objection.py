"""What speaks against a testbench."""

from __future__ import annotations

from dataclasses import dataclass

from llm4cov_engine.elaboration.records import Problem, Severity, Span
from llm4cov_engine.permission import Permission


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that speaks against simulating a testbench.

    Attributes:
        problem: what and where, as a sentence that a model can repair by.
        permission: with which it is no problem; None when nobody can allow it.
    """

    problem: Problem
    permission: Permission | None = None


def objection(
    code: str, message: str, span: Span | None = None, permission: Permission | None = None
) -> Objection:
    """An objection with a problem of its own."""
    return Objection(Problem(Severity.ERROR, message, code, span), permission)
