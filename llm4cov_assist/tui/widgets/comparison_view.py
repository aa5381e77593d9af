"""What two rounds hit that the other did not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text
from textual import on
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from llm4cov_assist.tui.messages import OpenFile
from llm4cov_assist.tui.score import shown
from llm4cov_assist.tui.themes import inks
from llm4cov_assist.tui.widgets.line_table import Column, LineTable
from llm4cov_engine import Hole, Metric

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from llm4cov_engine import Comparison, Coverage, Node


class ComparisonView(Vertical):
    """Two columns: what only the first hit, what only the second hit."""

    def __init__(self, first: Node, second: Node, comparison: Comparison) -> None:
        super().__init__()
        self._rounds = (first, second)
        self._comparison = comparison

    def compose(self) -> ComposeResult:
        """Metrics above, the differences below."""
        first, second = self._rounds
        yield Static(self._metrics(), classes="comparison-metrics")
        with Horizontal():
            for node, other, found in (
                (first, second, self._comparison.only_first),
                (second, first, self._comparison.only_second),
            ):
                with Vertical(classes="comparison-side"):
                    count = sum(len(hole.points) for hole in found)
                    yield Static(f"Only round {node.number} hit: {count:,} points", classes="dialog-about")
                    table: LineTable[Hole] = LineTable(
                        (
                            Column("metric", 10),
                            Column("what"),
                            Column("where", 22, drop_below=50),
                        ),
                        _cells,
                        empty=f"Nothing that round {other.number} did not hit too.",
                    )
                    table.set_class(True, "comparison-table")
                    yield table

    def on_mount(self) -> None:
        """Fill the columns."""
        tables = list(self.query(LineTable))
        tables[0].show(self._comparison.only_first)
        tables[1].show(self._comparison.only_second)
        tables[0].focus()

    def _metrics(self) -> Table:
        ink = inks(self.app)
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("")
        for node in self._rounds:
            table.add_column(f"round {node.number}", justify="right")
        sides = (self._comparison.first, self._comparison.second)
        for metric in Metric:
            shares = [_ratio(side, metric) for side in sides]
            if any(share is not None for share in shares):
                table.add_row(
                    metric.value.replace("_", " "),
                    *(
                        Text("-" if s is None else shown(s), style="" if s is None else ink.of_ratio(s))
                        for s in shares
                    ),
                )
        scores = (Text(shown(node.score), style=f"bold {ink.of_ratio(node.score)}") for node in self._rounds)
        table.add_row("score", *scores)
        return table

    @on(LineTable.Chosen)
    def _chosen(self, event: LineTable.Chosen) -> None:
        event.stop()
        self.post_message(OpenFile(event.row.file, event.row.line, event.row.column))


def _ratio(coverage: Coverage, metric: Metric) -> float | None:
    return coverage.metrics[metric].ratio


def _cells(hole: Hole) -> tuple[str, str, str]:
    return hole.metric.value.replace("_", " "), hole.what, f"{hole.file}:{hole.line}"
