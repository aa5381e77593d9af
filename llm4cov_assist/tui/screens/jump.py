"""Jump mode: a letter on every pane, and the pane whose letter is pressed gets the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual import events
    from textual.app import ComposeResult
    from textual.geometry import Offset


class JumpScreen(ModalScreen[str | None]):
    """Letters over the panes; any other key leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,ctrl+o", "leave", "Cancel", priority=True)]

    def __init__(self, places: Mapping[str, Offset]) -> None:
        super().__init__()
        self._places = places

    def compose(self) -> ComposeResult:
        """A label at each place."""
        for letter, offset in self._places.items():
            label = Label(f" {letter.upper()} ", classes="jump")
            label.styles.offset = (offset.x, offset.y)
            yield label
        yield Label(" Press a letter to jump, Esc to stay ", id="jump-info")

    def on_key(self, event: events.Key) -> None:
        """Jump."""
        event.stop()
        event.prevent_default()
        letter = event.character.lower() if event.character else ""
        self.dismiss(letter if letter in self._places else None)

    def action_leave(self) -> None:
        """Stay."""
        self.dismiss(None)
