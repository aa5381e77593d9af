"""Coverage holes as diagnostics."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from llm4cov_engine import HoleReason, Metric, describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llm4cov_engine import Hole
    from llm4cov_lsp.options import HoleOptions
    from llm4cov_lsp.positions import Drift, Lines

SOURCE = "llm4cov coverage"

_SEVERITIES = {
    "hint": types.DiagnosticSeverity.Hint,
    "information": types.DiagnosticSeverity.Information,
    "warning": types.DiagnosticSeverity.Warning,
    "error": types.DiagnosticSeverity.Error,
}
_TOGETHER = 4
"""Rows of one expression, or ranges of one signal, that a message lists."""

_INSTANCES = 3


def hole_diagnostics(
    holes: Iterable[Hole], lines: Lines, drift: Drift, options: HoleOptions
) -> list[types.Diagnostic]:
    """What was not hit in a file, as far as its lines are still those that were measured.

    Holes inside a block that never runs are not listed: the block says how many there are.
    """
    severity = _SEVERITIES.get(options.severity)
    if severity is None:
        return []
    found = []
    for group in groups(holes):
        first = group[0]
        line = drift.line(first.line)
        if line is None or (first.reason is not HoleReason.UNCOVERED and not options.excluded):
            continue
        found.append(_diagnostic(group, line, lines, severity, stale=drift.is_stale))
        if len(found) >= options.limit:
            break
    return found


def groups(holes: Iterable[Hole]) -> list[tuple[Hole, ...]]:
    """Holes that are shown as one: rows of one expression, ranges of one declaration; the rest by itself."""
    found: defaultdict[tuple[object, ...], list[Hole]] = defaultdict(list)
    for hole in holes:
        if not hole.is_hidden:
            gathered = hole.metric in (Metric.EXPRESSION, Metric.TOGGLE)
            what = "" if gathered else hole.what
            found[hole.line, hole.column, hole.metric, hole.reason, hole.because, what].append(hole)
    return [tuple(group) for group in found.values()]


def hole_key(hole: Hole) -> dict[str, Any]:
    """What names a hole in the data of a diagnostic or the argument of a command."""
    return {
        "file": hole.file,
        "line": hole.line,
        "column": hole.column,
        "metric": hole.metric.value,
        "what": hole.what,
        "module": hole.module,
        "instance": hole.instance,
    }


def named_holes(holes: Iterable[Hole], keys: Sequence[Any]) -> tuple[Hole, ...]:
    """The holes that keys name; a key that names none is passed over."""
    known = {tuple(hole_key(hole).values()): hole for hole in holes}
    names = ("file", "line", "column", "metric", "what", "module", "instance")
    wanted = (tuple(key.get(name) for name in names) for key in keys if isinstance(key, dict))
    return tuple(known[key] for key in wanted if key in known)


def words(group: Sequence[Hole]) -> str:
    """What never happened, in a sentence."""
    first = group[0]
    said = "; ".join(dict.fromkeys(describe(hole) for hole in group[:_TOGETHER]))
    if len(group) > _TOGETHER:
        said += f"; and {len(group) - _TOGETHER} more"
    inside = f" ({first.hides} more points inside)" if first.hides else ""
    instances = list(dict.fromkeys(path for hole in group for path in hole.instances))
    shown = ", ".join(instances[:_INSTANCES])
    more = f" and {len(instances) - _INSTANCES} more" if len(instances) > _INSTANCES else ""
    where = f" in {shown}{more}" if len(instances) > 1 else ""
    excuse = "" if first.reason is HoleReason.UNCOVERED else f" [{first.reason.value}: {first.because}]"
    return f"{said}{inside}{where}{excuse}"


def _diagnostic(
    group: Sequence[Hole], line: int, lines: Lines, severity: types.DiagnosticSeverity, *, stale: bool
) -> types.Diagnostic:
    first = group[0]
    excluded = first.reason is not HoleReason.UNCOVERED
    column = first.column - 1 if first.what in ("else", "cond_else") and first.column > 1 else first.column
    is_block = first.metric in (Metric.LINE, Metric.BRANCH)
    message = words(group)
    return types.Diagnostic(
        range=lines.rest(line, column) if is_block else lines.word(line, column),
        message=f"{message} (measured before the last change)" if stale else message,
        severity=types.DiagnosticSeverity.Hint if excluded or stale else severity,
        code=first.metric.value,
        source=SOURCE,
        tags=[types.DiagnosticTag.Unnecessary] if excluded else None,
        data={"holes": [hole_key(hole) for hole in group]},
    )
