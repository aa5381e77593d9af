"""Problems of texts as diagnostics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from llm4cov_engine import LiveProblem, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from llm4cov_engine import Problem, Span
    from llm4cov_lsp.positions import Lines

    Locate = Callable[[Span], types.Location | None]

SOURCE = "llm4cov"
VERILATOR = "verilator"

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.NOTE: types.DiagnosticSeverity.Information,
}


def live_diagnostics(
    problems: Iterable[LiveProblem], lines: Lines, locate: Locate, *, warnings: bool
) -> list[types.Diagnostic]:
    """What was found while typing.

    Args:
        locate: where a span of any file lies for the client; None for a file it cannot open.
    """
    return [
        _diagnostic(problem, lines, SOURCE, _related(problem, locate))
        for problem in problems
        if warnings or problem.severity is Severity.ERROR
    ]


def simulator_diagnostics(
    problems: Iterable[Problem], file: str, lines: Lines, known: Iterable[types.Diagnostic] = ()
) -> list[types.Diagnostic]:
    """What the simulator said of a file when it was run; what is known on a line already is not repeated."""
    taken = {each.range.start.line for each in known if each.severity == types.DiagnosticSeverity.Error}
    found = []
    for problem in problems:
        if problem.span is None or problem.span.file != file:
            continue
        diagnostic = _diagnostic(problem, lines, VERILATOR, None)
        if diagnostic.range.start.line not in taken:
            found.append(diagnostic)
    return found


def _diagnostic(
    problem: Problem,
    lines: Lines,
    source: str,
    related: list[types.DiagnosticRelatedInformation] | None,
) -> types.Diagnostic:
    start = types.Position(0, 0)
    return types.Diagnostic(
        range=lines.span(problem.span) if problem.span else types.Range(start, start),
        message=problem.message,
        severity=_SEVERITIES[problem.severity],
        code=problem.code or None,
        source=source,
        related_information=related,
    )


def _related(problem: LiveProblem, locate: Locate) -> list[types.DiagnosticRelatedInformation] | None:
    found = []
    for each in problem.related:
        location = locate(each.span) if each.span else None
        if location is not None:
            found.append(types.DiagnosticRelatedInformation(location, each.message))
    return found or None
