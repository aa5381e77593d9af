"""The panel below the editor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widgets import Log, TabbedContent, TabPane

from llm4cov_assist.tui.drawing import relabel
from llm4cov_assist.tui.widgets.holes_panel import HolesPanel, HolesTable
from llm4cov_assist.tui.widgets.problems_panel import ProblemsTable
from llm4cov_assist.tui.widgets.rounds_panel import RoundsPanel, RoundsTree
from llm4cov_assist.tui.widgets.unseen import QuietWhileHidden

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.widget import Widget

    from llm4cov_assist.tui.standing import Standing
    from llm4cov_engine import Problem


class LogText(QuietWhileHidden, Log):
    """The tools' own words."""


class BottomPanel(Vertical):
    """Holes, problems, log and rounds."""

    def compose(self) -> ComposeResult:
        """A tab for each."""
        with TabbedContent(id="panel-tabs"):
            with TabPane("Holes", id="holes"):
                yield HolesPanel(id="holes-panel")
            with TabPane("Problems", id="problems"):
                yield ProblemsTable(id="problems-table")
            with TabPane("Log", id="log"):
                yield LogText(id="log-text", max_lines=5000, auto_scroll=True)
            with TabPane("Rounds", id="rounds"):
                yield RoundsPanel(id="rounds-panel")

    @property
    def tabs(self) -> TabbedContent:
        """The tabs."""
        return self.query_one("#panel-tabs", TabbedContent)

    def show(self, standing: Standing) -> None:
        """Show holes and rounds."""
        self.query_one(HolesPanel).show(standing.holes, measured=standing.coverage is not None)
        self.query_one(RoundsPanel).show(standing)
        self._title("holes", "Holes", standing.open_holes)
        self._title("rounds", "Rounds", max(0, len(standing.nodes) - 1))

    def show_problems(self, source: str, problems: Sequence[Problem]) -> None:
        """Show what a source complains of."""
        table = self.query_one(ProblemsTable)
        table.show_of(source, problems)
        self._title("problems", "Problems", len(table.rows))

    def write(self, text: str) -> None:
        """Add lines to the log."""
        if text:
            self.query_one("#log-text", LogText).write_lines(text.rstrip("\n").split("\n"))

    def turn_to(self, pane: str) -> None:
        """Show a tab by its id and give it the keys."""
        self.tabs.active = pane
        widgets: dict[str, type[Widget]] = {
            "holes": HolesTable,
            "problems": ProblemsTable,
            "log": LogText,
            "rounds": RoundsTree,
        }
        self.screen.set_focus(self.query_one(widgets[pane]))

    def _title(self, pane: str, title: str, count: int) -> None:
        relabel(self.tabs.get_tab(pane), f"{title} {count:,}" if count else title)
