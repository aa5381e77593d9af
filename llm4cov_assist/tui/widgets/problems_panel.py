"""Problems: of the text in the editor, of the compiler, of the screen, of the design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual import on

from llm4cov_assist.tui.messages import OpenFile
from llm4cov_assist.tui.themes import inks
from llm4cov_assist.tui.widgets.line_table import Column, LineTable
from llm4cov_engine import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """A problem and who complains."""

    source: str
    problem: Problem


class ProblemsTable(LineTable[ProblemRow]):
    """Problems, errors first; Enter goes there."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(
            (Column("", 1), Column("problem"), Column("where", 26, drop_below=60), Column("source", 9)),
            self._cells_of,
            empty="No problems.",
            id=id,
        )
        self._by_source: dict[str, Sequence[Problem]] = {}

    def show_of(self, source: str, problems: Sequence[Problem]) -> None:
        """Show what one source complains of, beside what the others do."""
        self._by_source[source] = tuple(problems)
        rows = [ProblemRow(name, each) for name, found in self._by_source.items() for each in found]
        order = list(Severity)
        rows.sort(key=lambda row: order.index(row.problem.severity))
        self.show(rows, keep_cursor=True)

    def _cells_of(self, row: ProblemRow) -> tuple[str | Text, ...]:
        ink = inks(self.app)
        sign, colour = {
            Severity.ERROR: ("✗", ink.missed),
            Severity.WARNING: ("!", ink.partly),
            Severity.NOTE: ("i", ink.quiet),
        }[row.problem.severity]
        span = row.problem.span
        message = Text(row.problem.message.replace("\n", " "))
        if row.problem.code:
            message.append(f"  {row.problem.code}", style=ink.quiet)
        where = f"{span.file}:{span.line}" if span else ""
        return (
            Text(sign, style=colour),
            message,
            Text(where, style=ink.quiet),
            Text(row.source, style=ink.quiet),
        )

    @on(LineTable.Chosen)
    def _chosen(self, event: LineTable.Chosen) -> None:
        event.stop()
        span = event.row.problem.span
        if span is not None:
            self.post_message(OpenFile(span.file, span.line, span.column))
