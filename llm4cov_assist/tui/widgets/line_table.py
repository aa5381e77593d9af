"""A table of any number of rows: a row is made when it comes in sight, and never before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from llm4cov_assist.tui.widgets.unseen import QuietWhileHidden

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events

Row = TypeVar("Row")

_GAP = 1


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        width: in cells; 0 for what the others leave.
        drop_below: the table's width under which the column is left out.
    """

    title: str
    width: int = 0
    justify: Literal["left", "right"] = "left"
    drop_below: int = 0


class LineTable(QuietWhileHidden, ScrollView, Generic[Row], can_focus=True):
    """A table with a cursor and a header that stays.

    Args:
        columns: from left to right; exactly one takes what the others leave.
        cells: what a row shows, one text a column.
        empty: what to say when there are no rows.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"line-table--header", "line-table--cursor", "line-table--empty"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "move(-1000000000)", "First", show=False),
        Binding("end", "move(1000000000)", "Last", show=False),
        Binding("enter", "choose", "Open"),
    ]

    cursor: reactive[int] = reactive(0)

    @dataclass
    class Chosen(Message):
        """Enter, or a second click, on a row."""

        row: Any

    @dataclass
    class Moved(Message):
        """The cursor stands on another row."""

        row: Any

    @dataclass
    class HeaderClicked(Message):
        """A column's title was clicked."""

        column: int

    def __init__(
        self,
        columns: Sequence[Column],
        cells: Callable[[Row], Sequence[str | Text]],
        *,
        empty: str = "",
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self._cells = cells
        self._rows: Sequence[Row] = ()
        self.empty = empty
        self.sorted_by: tuple[int, bool] | None = None
        self._strips: dict[tuple[int, int], Strip] = {}

    @property
    def rows(self) -> Sequence[Row]:
        """What the table holds."""
        return self._rows

    @property
    def row(self) -> Row | None:
        """The row under the cursor; None in an empty table."""
        return self._rows[self.cursor] if self._rows else None

    def show(self, rows: Sequence[Row], *, keep_cursor: bool = False) -> None:
        """Hold other rows."""
        self._rows = rows
        self._strips.clear()
        self.virtual_size = Size(self.scrollable_content_region.width, len(rows) + 1)
        wanted = min(self.cursor, max(0, len(rows) - 1)) if keep_cursor else 0
        if self.cursor == wanted:
            self._in_sight()
        self.cursor = wanted
        self.refresh()

    def forget_drawn(self) -> None:
        """Draw every row anew: what cells are made from has changed."""
        self._strips.clear()
        self.refresh()

    def on_mount(self) -> None:
        """Follow the application's theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self.forget_drawn())

    def notify_style_update(self) -> None:
        """Colours changed."""
        super().notify_style_update()
        self._strips.clear()

    def watch_cursor(self) -> None:
        """Keep the cursor in sight."""
        self._in_sight()
        self.refresh()
        if self._rows:
            self.post_message(self.Moved(self._rows[self.cursor]))

    def validate_cursor(self, value: int) -> int:
        """Keep the cursor on a row."""
        return max(0, min(value, len(self._rows) - 1))

    def _in_sight(self) -> None:
        height = self.scrollable_content_region.height - 1
        top = int(self.scroll_target_y)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True)
        elif height > 0 and self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, immediate=True)

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self.cursor += rows

    def action_page(self, pages: int) -> None:
        """Move the cursor by what is in sight."""
        self.cursor += pages * max(1, self.scrollable_content_region.height - 2)

    def action_choose(self) -> None:
        """Act on the row under the cursor."""
        if self._rows:
            self.post_message(self.Chosen(self._rows[self.cursor]))

    def on_resize(self) -> None:
        """Lay the columns out anew."""
        self._strips.clear()
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._rows) + 1)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row that was clicked; a second click chooses it."""
        if event.y == 0:
            left = 0
            for number, width in self._widths():
                left += width + _GAP
                if event.x < left:
                    self.post_message(self.HeaderClicked(number))
                    return
            return
        index = int(self.scroll_offset.y) + event.y - 1
        if not 0 <= index < len(self._rows):
            return
        self.cursor = index
        if event.chain > 1:
            self.action_choose()

    def _widths(self) -> list[tuple[int, int]]:
        """Number and width of each column there is room for."""
        room = self.scrollable_content_region.width
        kept = [(n, column) for n, column in enumerate(self.columns) if room >= column.drop_below]
        rest = room - sum(column.width for _, column in kept) - _GAP * (len(kept) - 1)
        return [(n, column.width or max(4, rest)) for n, column in kept]

    def render_line(self, y: int) -> Strip:
        """The header, or the row that is in sight there."""
        width = self.scrollable_content_region.width
        if y == 0:
            return self._line(self._header(), self.get_component_rich_style("line-table--header"), width)
        index = int(self.scroll_offset.y) + y - 1
        if index >= len(self._rows):
            style = self.get_component_rich_style("line-table--empty")
            text = self.empty if not self._rows and y == 1 else ""
            return Strip([Segment(f" {text}", style)]).adjust_cell_length(width, self.rich_style)
        key = (index, width)
        if (strip := self._strips.get(key)) is None:
            if len(self._strips) > 2000:
                self._strips.clear()
            strip = self._strips[key] = self._line(
                self._laid_out(self._cells(self._rows[index])), self.rich_style, width
            )
        if index == self.cursor:
            name = "line-table--cursor"
            return strip.apply_style(self._cursor_style(self.get_component_rich_style(name, partial=True)))
        return strip

    def _cursor_style(self, style: Style) -> Style:
        return style if self.has_focus else Style(bgcolor=style.bgcolor)

    def watch_has_focus(self, _: bool) -> None:
        """Show whether keys arrive here."""
        self.refresh()

    def _header(self) -> Text:
        titles: list[str] = []
        for number, column in enumerate(self.columns):
            arrow = ""
            if self.sorted_by is not None and self.sorted_by[0] == number:
                arrow = "▾" if self.sorted_by[1] else "▴"
            titles.append(f"{column.title}{arrow}")
        return self._laid_out(titles)

    def _laid_out(self, cells: Sequence[str | Text]) -> Text:
        line = Text(no_wrap=True, end="")
        for number, width in self._widths():
            if line.cell_len:
                line.append(" " * _GAP)
            cell = cells[number]
            text = cell.copy() if isinstance(cell, Text) else Text(cell)
            text.truncate(width, overflow="ellipsis")
            line.append_text(text) if self.columns[number].justify == "left" else None
            padding = " " * (width - text.cell_len)
            line.append(padding)
            if self.columns[number].justify == "right":
                line.append_text(text)
        return line

    def _line(self, text: Text, style: Style, width: int) -> Strip:
        segments = text.render(self.app.console)
        strip = Strip(Segment.apply_style(segments, style)).adjust_cell_length(width, style)
        return strip.simplify()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw what came in sight."""
        super().watch_scroll_y(old_value, new_value)
        self.refresh(Region(0, 0, self.size.width, self.size.height))
