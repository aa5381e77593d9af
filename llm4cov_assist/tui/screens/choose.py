"""Choose one of many by typing a part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.fuzzy import Matcher
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from llm4cov_assist.tui.themes import inks
from llm4cov_assist.tui.widgets.line_table import Column, LineTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult

_FUZZY_UP_TO = 400
"""So many places are matched letter by letter; of more, those that hold what was typed as it is."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice: what it is called, a word about it, and what choosing it gives."""

    title: str
    about: str
    value: str


class ChooseScreen(ModalScreen[str | None]):
    """A list and a line to narrow it; Enter chooses, Escape leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel"),
        Binding("down", "move(1)", "Down", priority=True),
        Binding("up", "move(-1)", "Up", priority=True),
        Binding("pagedown", "page(1)", "Page down", priority=True),
        Binding("pageup", "page(-1)", "Page up", priority=True),
    ]

    def __init__(self, title: str, choices: Sequence[Choice], *, placeholder: str = "") -> None:
        super().__init__()
        self._title, self._choices, self._placeholder = title, choices, placeholder
        self._early = ""

    def compose(self) -> ComposeResult:
        """A line, and the list."""
        with Vertical(classes="dialog wide"):
            yield Static(self._title, classes="dialog-title", markup=False)
            yield Input(placeholder=self._placeholder, id="answer")
            table: LineTable[Choice] = LineTable(
                (Column(""), Column("", 30, "right", drop_below=70)), self._cells, empty="Nothing fits."
            )
            table.can_focus = False
            yield table
            yield Static("Enter chooses, Esc cancels", classes="dialog-keys")

    @property
    def _table(self) -> LineTable[Choice]:
        return self.query_one(LineTable)

    def _cells(self, choice: Choice) -> tuple[Text, Text]:
        return Text(choice.title), Text(choice.about, style=inks(self.app).quiet)

    def on_mount(self) -> None:
        """Everything, until something is typed."""
        self._table.show(self._choices)
        if self._early:
            self.query_one(Input).value = self._early
            self.query_one(Input).action_end()

    def on_key(self, event: events.Key) -> None:
        """Keep what is typed before there is a line to type in."""
        if event.is_printable and event.character and not self.query(Input):
            self._early += event.character

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        typed = event.value.strip().lower()
        if not typed:
            self._table.show(self._choices)
            return
        there = [each for each in self._choices if typed in each.title.lower()]
        if len(self._choices) <= _FUZZY_UP_TO:
            matcher = Matcher(typed)
            scored = [(matcher.match(each.title), each) for each in self._choices]
            there = [each for score, each in sorted(scored, key=lambda pair: -pair[0]) if score > 0]
        else:
            there.sort(key=lambda each: (typed not in each.title.rpartition("/")[2].lower(), each.title))
        self._table.show(there)

    @on(Input.Submitted)
    @on(LineTable.Chosen)
    def _chosen(self) -> None:
        row = self._table.row
        if row is not None:
            self.dismiss(row.value)

    def action_move(self, rows: int) -> None:
        """Move in the list."""
        self._table.action_move(rows)

    def action_page(self, pages: int) -> None:
        """Move in the list by what is in sight."""
        self._table.action_page(pages)

    def action_leave(self) -> None:
        """Choose nothing."""
        self.dismiss(None)
