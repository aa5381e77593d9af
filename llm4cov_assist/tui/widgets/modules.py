"""Every module of the repository as a possible DUT, worst coverage first, and a queue of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from llm4cov_assist.tui.messages import CloseQueue, OpenFile, WorkOn
from llm4cov_assist.tui.score import shown
from llm4cov_assist.tui.themes import inks
from llm4cov_assist.tui.widgets.line_table import Column, LineTable
from llm4cov_engine import Candidate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class ModuleRow:
    """A module, the best score a session about it reached (None for no session), its place in the queue."""

    candidate: Candidate
    score: float | None
    queued: int
    is_dut: bool


class ModulesTable(LineTable[ModuleRow]):
    """Modules; space puts one into the queue, Enter works on one, q closes the queue's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "queue", "Queue"),
        Binding("a", "queue_all", "Queue all"),
        Binding("c", "close_queue", "Close queue"),
        Binding("o", "open", "Open file"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(
            (Column("", 2, "right"), Column("module"), Column("score", 6, "right")),
            self._cells_of,
            empty="Looking for modules ...",
            id=id,
        )
        self._candidates: Sequence[Candidate] = ()
        self._scores: Mapping[str, float] = {}
        self._queue: list[str] = []
        self._dut = ""

    @property
    def queue(self) -> tuple[Candidate, ...]:
        """The queue, in its order."""
        by_name = {each.module: each for each in self._candidates}
        return tuple(by_name[name] for name in self._queue if name in by_name)

    def show_modules(self, candidates: Sequence[Candidate]) -> None:
        """Show these modules."""
        self._candidates = candidates
        self.empty = "No module was found."
        self._arrange()

    def show_scores(self, scores: Mapping[str, float], dut: str) -> None:
        """Show what sessions reached, and which module is the DUT."""
        self._scores, self._dut = scores, dut
        self._arrange()

    def take_off(self, module: str) -> None:
        """Take a module out of the queue."""
        if module in self._queue:
            self._queue.remove(module)
            self._arrange()

    def _arrange(self) -> None:
        row = self.row
        places = {name: number for number, name in enumerate(self._queue, 1)}
        rows = [
            ModuleRow(
                each, self._scores.get(each.module), places.get(each.module, 0), each.module == self._dut
            )
            for each in self._candidates
        ]
        rows.sort(key=lambda each: (each.score or 0.0, not each.candidate.is_top, each.candidate.module))
        self.show(rows)
        if row is not None:
            names = [each.candidate.module for each in rows]
            self.cursor = names.index(row.candidate.module) if row.candidate.module in names else 0

    def _cells_of(self, row: ModuleRow) -> tuple[Text, Text, Text]:
        ink = inks(self.app)
        sign = Text(str(row.queued), style=ink.partly) if row.queued else Text("▶" if row.is_dut else "")
        name = Text(row.candidate.module, style="bold" if row.is_dut else "")
        if row.candidate.is_top:
            name.append(" top", style=ink.quiet)
        score = (
            Text("-", style=ink.quiet)
            if row.score is None
            else Text(shown(row.score), style=ink.of_ratio(row.score))
        )
        return sign, name, score

    def action_queue(self) -> None:
        """Put the module into the queue, or take it out."""
        if self.row is None:
            return
        name = self.row.candidate.module
        if name in self._queue:
            self._queue.remove(name)
        else:
            self._queue.append(name)
        self._arrange()

    def action_queue_all(self) -> None:
        """Put every module that is not closed into the queue."""
        self._queue = [row.candidate.module for row in self.rows if (row.score or 0.0) < 1.0]
        self._arrange()

    def action_close_queue(self) -> None:
        """Close the queue's modules one after another."""
        self.post_message(CloseQueue(self.queue))

    def action_open(self) -> None:
        """Show the module's text."""
        if self.row is not None:
            span = self.row.candidate.span
            self.post_message(OpenFile(span.file, span.line, span.column))

    def action_choose(self) -> None:
        """Work on the module."""
        if self.row is not None:
            self.post_message(WorkOn(self.row.candidate))
