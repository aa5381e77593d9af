"""Find in the text of the active tab."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.document._document import Document
from textual.message import Message
from textual.widgets import Input, Static

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from llm4cov_assist.tui.widgets.source_area import SourceArea


class FindBar(Horizontal):
    """One line above the tabs; Enter goes on, Shift+Enter back, Escape closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close"),
        Binding("down", "step(1)", "Next", show=False),
        Binding("up,shift+enter", "step(-1)", "Previous", show=False),
    ]

    @dataclass
    class Wanted(Message):
        """The next or the previous place of a text."""

        text: str
        step: int

    class Left(Message):
        """The bar was closed."""

    def compose(self) -> ComposeResult:
        """What to look for, and what was found."""
        yield Input(placeholder="Find (Enter next, Up previous, Esc close)", compact=True)
        yield Static("", id="find-count")

    def open(self, text: str) -> None:
        """Show the bar, with the text that is selected."""
        self.display = True
        box = self.query_one(Input)
        if text and "\n" not in text:
            box.value = text
        box.focus()
        box.action_select_all()

    @property
    def text(self) -> str:
        """What is looked for."""
        return self.query_one(Input).value

    def tell(self, words: str) -> None:
        """Say what was found."""
        self.query_one("#find-count", Static).update(words)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_step(1)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Wanted(self.text, 0))

    def action_step(self, step: int) -> None:
        """Go to the next place, or the previous one."""
        self.post_message(self.Wanted(self.text, step))

    def action_leave(self) -> None:
        """Close the bar."""
        self.display = False
        self.post_message(self.Left())


def find(area: SourceArea, text: str, step: int) -> tuple[int, int]:
    """Select the next place of a text (step 1), the previous one (-1) or the one at the cursor (0).

    Letters of either case are the same. Returns which of how many places it is; (0, 0) for none.
    """
    if not text:
        return (0, 0)
    found = [match.start() for match in re.finditer(re.escape(text), area.text, re.IGNORECASE)]
    if not found:
        return (0, 0)
    start = min(area.selection)
    document = area.document
    if not isinstance(document, Document):
        return (0, 0)
    at = document.get_index_from_location(start)
    if step > 0:
        index = next((n for n, place in enumerate(found) if place > at), 0)
    elif step < 0:
        index = next((n for n in reversed(range(len(found))) if found[n] < at), len(found) - 1)
    else:
        index = next((n for n, place in enumerate(found) if place >= at), 0)
    first = document.get_location_from_index(found[index])
    last = document.get_location_from_index(found[index] + len(text))
    area.move_cursor(first, center=True)
    area.move_cursor(last, select=True)
    return (index + 1, len(found))
