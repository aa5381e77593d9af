"""The conversation: any number of entries, drawn line by line, so that none of them costs a layout."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from llm4cov_assist.tui.drawing import resize_content
from llm4cov_assist.tui.messages import OpenNode
from llm4cov_assist.tui.themes import inks
from llm4cov_assist.tui.widgets.entries import Entry, RoundCard

if TYPE_CHECKING:
    from textual import events
    from textual.selection import Selection

_KEPT = 300
"""Entries that stay on the screen; every round stays in the session."""


class Conversation(ScrollView, can_focus=True):
    """Entries from top to bottom, an empty line below each; a cursor goes from card to card."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"conversation--ground", "conversation--chosen"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "card(-1)", "Previous round", show=False),
        Binding("down,j", "card(1)", "Next round", show=False),
        Binding("enter", "open", "Open testbench"),
    ]

    cursor: reactive[RoundCard | None] = reactive(None)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.entries: list[Entry] = []
        self._drawn: list[list[Strip]] = []
        self._tops: list[int] = []
        self._width = 0

    @property
    def cards(self) -> list[RoundCard]:
        """The rounds among the entries."""
        return [entry for entry in self.entries if isinstance(entry, RoundCard)]

    def add(self, *entries: Entry, before: Entry | None = None) -> None:
        """Put entries below the others, or above one of them; who reads further up is left there."""
        at_end = self.scroll_offset.y >= self.max_scroll_y - 2
        place = len(self.entries) if before is None else self.entries.index(before)
        self.entries[place:place] = entries
        self._drawn[place:place] = [self._lines(entry) for entry in entries]
        if (surplus := len(self.entries) - _KEPT) > 0:
            del self.entries[:surplus], self._drawn[:surplus]
        self._arrange(at_end)

    def changed(self, *entries: Entry) -> None:
        """Draw entries anew that are not what they were."""
        at_end = self.scroll_offset.y >= self.max_scroll_y - 2
        moved = False
        for entry in entries:
            if entry not in self.entries:
                continue
            index = self.entries.index(entry)
            before, lines = self._drawn[index], self._lines(entry)
            self._drawn[index] = lines
            if len(before) != len(lines):
                moved = True
            elif self._tops:
                self._refresh_entry(index)
        if moved:
            self._arrange(at_end)

    def forget(self, *entries: Entry) -> None:
        """Take entries away."""
        kept = [pair for pair in zip(self.entries, self._drawn, strict=True) if pair[0] not in entries]
        self.entries, self._drawn = [entry for entry, _ in kept], [lines for _, lines in kept]
        if self.cursor in entries:
            self.cursor = None
        self._arrange(at_end=True)

    def on_mount(self) -> None:
        """Follow the application's theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw_all())

    def on_resize(self) -> None:
        """Wrap the words anew where the width is another."""
        if self.scrollable_content_region.width != self._width:
            self._width = self.scrollable_content_region.width
            self._draw_all()

    def notify_style_update(self) -> None:
        """Colours changed."""
        super().notify_style_update()
        if self.is_mounted:
            self._draw_all()

    def _draw_all(self) -> None:
        at_end = self.scroll_offset.y >= self.max_scroll_y - 2
        self._drawn = [self._lines(entry) for entry in self.entries]
        self._arrange(at_end)

    def _arrange(self, at_end: bool) -> None:
        self._tops, top = [], 0
        for lines in self._drawn:
            self._tops.append(top)
            top += len(lines) + 1
        resize_content(self, Size(self._width, top))
        if at_end:
            self.scroll_target_y = self.scroll_y = self.max_scroll_y
        self.refresh()

    def _refresh_entry(self, index: int) -> None:
        top = self._tops[index] - self.scroll_offset.y
        height = len(self._drawn[index])
        if top + height > 0 and top < self.size.height:
            self.refresh(Region(0, top, self.size.width, height))

    def _lines(self, entry: Entry) -> list[Strip]:
        if not self._width:
            return []
        ink, console = inks(self.app), self.app.console
        base = self.rich_style
        bar = entry.bar(ink)
        if not bar:
            words = entry.draw(ink).wrap(console, self._width)
            return [_strip(line.render(console, ""), base, self._width) for line in words]
        chosen = entry is self.cursor and self.has_focus
        ground = self.get_component_rich_style("conversation--chosen" if chosen else "conversation--ground")
        edge = [Segment("█", base + Style(color=bar)), Segment(" ", ground)]
        words = entry.draw(ink).wrap(console, max(1, self._width - 3))
        return [
            Strip.join([Strip(edge, 2), _strip(line.render(console, ""), ground, self._width - 2)])
            for line in words
        ]

    def render_line(self, y: int) -> Strip:
        """A line of the entry that is in sight there."""
        row = self.scroll_offset.y + y
        strip = self._row(row)
        if strip is None:
            return Strip.blank(self._width, self.rich_style)
        if (selection := self.text_selection) is not None and (span := selection.get_span(row)) is not None:
            start, end = span[0], strip.cell_length if span[1] == -1 else span[1]
            left, middle, right = strip.crop(0, start), strip.crop(start, end), strip.crop(end)
            style = self.screen.get_component_rich_style("screen--selection")
            plain = Strip([Segment(segment.text, style) for segment in middle], middle.cell_length)
            strip = Strip.join([left, plain, right])
        return strip.apply_offsets(0, row)

    def _row(self, row: int) -> Strip | None:
        index = bisect_right(self._tops, row) - 1
        if index < 0 or row - self._tops[index] >= len(self._drawn[index]):
            return None
        return self._drawn[index][row - self._tops[index]]

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text that was selected with the mouse."""
        rows = [self._row(row) for row in range(self.virtual_size.height)]
        text = "\n".join("" if row is None else row.text.replace("█", " ").rstrip() for row in rows)
        return selection.extract(text), "\n"

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002
        """Show what is selected."""
        self.refresh()

    def watch_cursor(self, before: RoundCard | None, now: RoundCard | None) -> None:
        """Show the card that was chosen."""
        self.changed(*(card for card in (before, now) if card is not None))

    def watch_has_focus(self, focused: bool) -> None:
        """Show whether keys arrive here."""
        super().watch_has_focus(focused)
        if self.cursor is not None:
            self.changed(self.cursor)

    def action_card(self, step: int) -> None:
        """Go to the next card, or the one before; where there is none, scroll."""
        cards = self.cards
        if self.cursor in cards:
            place = cards.index(self.cursor) + step
        else:
            place = len(cards) - 1 if step < 0 else self._first_in_sight(cards)
        if not 0 <= place < len(cards):
            self.scroll_relative(y=step * 2, animate=False)
            return
        self.cursor = cards[place]
        index = self.entries.index(cards[place])
        region = Region(0, self._tops[index], self._width, len(self._drawn[index]))
        self.scroll_to_region(region, animate=False)

    def _first_in_sight(self, cards: list[RoundCard]) -> int:
        tops = (self._tops[self.entries.index(card)] for card in cards)
        return next((place for place, top in enumerate(tops) if top >= self.scroll_offset.y), len(cards) - 1)

    def action_open(self) -> None:
        """Open the round's testbench."""
        if self.cursor is not None:
            self.post_message(OpenNode(self.cursor.node))

    def on_click(self, event: events.Click) -> None:
        """Open the testbench of the round that was clicked."""
        row = self.scroll_offset.y + event.y
        index = bisect_right(self._tops, row) - 1
        if index >= 0 and self._row(row) is not None and isinstance(card := self.entries[index], RoundCard):
            self.cursor = card
            self.action_open()


def _strip(segments: object, ground: Style, width: int) -> Strip:
    styled = Segment.apply_style(segments, ground)  # type: ignore[arg-type]
    return Strip(styled).adjust_cell_length(width, ground).simplify()
