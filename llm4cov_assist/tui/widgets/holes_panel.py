"""Holes: sortable, filtered by words, metrics, files and instances."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from llm4cov_assist.tui.messages import AimAt, OpenFile, WaiveAsked
from llm4cov_assist.tui.themes import inks
from llm4cov_assist.tui.widgets.line_table import Column, LineTable
from llm4cov_engine import Hole, HoleReason, Metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

_COLUMNS = (
    Column("metric", 13),
    Column("what"),
    Column("file", 22, drop_below=60),
    Column("line", 6, "right"),
    Column("instance", 26, drop_below=90),
    Column("points", 6, "right", drop_below=70),
    Column("hides", 5, "right", drop_below=110),
)


def _sorting(column: int, hole: Hole) -> tuple[Any, ...]:
    keys: tuple[tuple[Any, ...], ...] = (
        (list(Metric).index(hole.metric),),
        (hole.what,),
        (hole.file, hole.line),
        (hole.line,),
        (hole.instance,),
        (len(hole.points),),
        (hole.hides,),
    )
    return keys[column]


def matches(hole: Hole, words: Sequence[str]) -> bool:
    """Whether a hole answers to every word; `metric:`, `file:` and `in:` (instance) look at one part."""
    parts = {"metric": hole.metric.value, "file": hole.file, "in": hole.instance}
    for word in words:
        name, colon, value = word.partition(":")
        if colon and name in parts:
            if value not in parts[name].lower():
                return False
        elif word not in f"{hole.what} {hole.file} {hole.instance} {hole.metric.value}".lower():
            return False
    return True


class HolesTable(LineTable[Hole]):
    """The holes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "aim", "Close this one"),
        Binding("w", "waive", "Waive"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(_COLUMNS, self._cells_of, empty="Nothing was measured yet.", id=id)

    def _cells_of(self, hole: Hole) -> tuple[str | Text, ...]:
        ink = inks(self.app)
        sign, colour = {
            HoleReason.UNCOVERED: ("✗", ink.missed),
            HoleReason.UNREACHABLE: ("∅", ink.unreachable),
            HoleReason.WAIVED: ("w", ink.waived),
        }[hole.reason]
        metric = Text.assemble((f"{sign} ", colour), hole.metric.value.replace("_", " "))
        what = Text(hole.what, style=ink.quiet if hole.is_hidden else "")
        if hole.because and hole.reason is not HoleReason.UNCOVERED:
            what.append(f"  {hole.because}", style=ink.quiet)
        count = len(hole.instances)
        instance = hole.instance if count == 1 else f"{hole.instance} +{count - 1}"
        return (
            metric,
            what,
            Text(hole.file, style=ink.quiet),
            str(hole.line),
            Text(instance, style=ink.quiet),
            str(len(hole.points)),
            str(hole.hides) if hole.hides else "",
        )

    def action_aim(self) -> None:
        """Ask for exactly this hole."""
        if self.row is not None:
            self.post_message(AimAt((self.row,)))

    def action_waive(self) -> None:
        """Waive this hole."""
        if self.row is not None:
            self.post_message(WaiveAsked(self.row))


class HolesPanel(Vertical):
    """The table and its filter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sort", "Sort"),
        Binding("m", "metric", "Next metric"),
        Binding("slash", "filter", "Filter"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._all: Sequence[Hole] = ()

    def compose(self) -> ComposeResult:
        """A line to type a filter in, and the table."""
        yield Input(
            placeholder="/ filter: words, metric:toggle, file:fifo, in:u_ctrl",
            id="holes-filter",
            compact=True,
        )
        yield HolesTable(id="holes-table")
        yield Static("", classes="line-points")

    @property
    def table(self) -> HolesTable:
        """The table."""
        return self.query_one(HolesTable)

    def show(self, found: Sequence[Hole], *, measured: bool = True) -> None:
        """Show these holes, under the filter that is set."""
        if found is self._all and found:
            return
        self._all = found
        self.table.empty = "Nothing was missed." if measured else "Nothing was measured yet."
        self._arrange()

    @work(exclusive=True)
    async def _arrange(self) -> None:
        words = self.query_one("#holes-filter", Input).value.lower().split()
        order = self.table.sorted_by
        chosen = await asyncio.to_thread(partial(_arranged, self._all, words, order))
        if self._all and not chosen:
            self.table.empty = "No hole answers to the filter."
        self.table.show(chosen, keep_cursor=True)
        self._tell()

    @on(LineTable.Moved)
    def _tell(self, event: LineTable.Moved | None = None) -> None:
        """Say all that is known of the hole under the cursor."""
        if event is not None:
            event.stop()
        hole, ink = self.table.row, inks(self.app)
        said = Text(no_wrap=True, overflow="ellipsis")
        if hole is not None:
            said.append(f"{hole.file}:{hole.line} ", style=ink.quiet)
            said.append(hole.what)
            said.append(f"  {hole.because}" if hole.because else "", style=ink.quiet)
        self.query_one(".line-points", Static).update(said, layout=False)

    @on(Input.Changed, "#holes-filter")
    def _filtered(self, event: Input.Changed) -> None:
        event.stop()
        self._arrange()

    @on(Input.Submitted, "#holes-filter")
    def _to_table(self, event: Input.Submitted) -> None:
        event.stop()
        self.table.focus()

    @on(LineTable.HeaderClicked)
    def _header(self, event: LineTable.HeaderClicked) -> None:
        event.stop()
        self._sort(event.column)

    @on(LineTable.Chosen)
    def _chosen(self, event: LineTable.Chosen) -> None:
        event.stop()
        self.post_message(OpenFile(event.row.file, event.row.line, event.row.column))

    def _sort(self, column: int) -> None:
        before = self.table.sorted_by
        if before is None or before[0] != column:
            self.table.sorted_by = (column, False)
        else:
            self.table.sorted_by = None if before[1] else (column, True)
        self._arrange()

    def action_sort(self) -> None:
        """Sort by the next column; after the last one in the order of usefulness."""
        before = self.table.sorted_by
        column = -1 if before is None else before[0]
        self.table.sorted_by = None if column + 1 >= len(_COLUMNS) else (column + 1, False)
        self._arrange()

    def action_metric(self) -> None:
        """Filter by the next metric; after the last one by none."""
        box = self.query_one("#holes-filter", Input)
        words = box.value.split()
        now = next((word[7:] for word in words if word.startswith("metric:")), "")
        there = [metric.value for metric in Metric if any(hole.metric is metric for hole in self._all)]
        later = there[there.index(now) + 1 :] if now in there else there
        kept = [word for word in words if not word.startswith("metric:")]
        box.value = " ".join([*kept, *(f"metric:{metric}" for metric in later[:1])])

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one("#holes-filter", Input).focus()


def _arranged(found: Sequence[Hole], words: Sequence[str], order: tuple[int, bool] | None) -> list[Hole]:
    chosen = [hole for hole in found if matches(hole, words)] if words else list(found)
    if order is not None:
        chosen.sort(key=partial(_sorting, order[0]), reverse=order[1])
    return chosen
