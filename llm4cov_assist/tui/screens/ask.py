"""One question, one line to answer it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult


class AskScreen(ModalScreen[str | None]):
    """Asks; Enter answers, Escape leaves.

    Args:
        title: what is asked.
        about: a sentence or two about it.
        given: the answer to begin with.
        objection: why an answer will not do, "" for one that does.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Cancel")]

    def __init__(
        self,
        title: str,
        about: str = "",
        given: str = "",
        objection: Callable[[str], str] = lambda _: "",
    ) -> None:
        super().__init__()
        self._title, self._about, self._given = title, about, given
        self._objection = objection

    def compose(self) -> ComposeResult:
        """Title, words, line."""
        with Vertical(classes="dialog"):
            yield Static(self._title, classes="dialog-title", markup=False)
            if self._about:
                yield Static(self._about, classes="dialog-about", markup=False)
            yield Input(self._given, id="answer")
            yield Static("", id="objection", markup=False)
            yield Static("Enter accepts, Esc cancels", classes="dialog-keys")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        objection = self._objection(event.value.strip())
        if objection:
            self.query_one("#objection", Static).update(objection)
        else:
            self.dismiss(event.value.strip())

    def action_leave(self) -> None:
        """Answer nothing."""
        self.dismiss(None)
