"""The first screen of the first run: three ways to start."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Static

if TYPE_CHECKING:
    from textual.app import ComposeResult

WAYS = (
    (
        "example",
        "1  Open an example",
        "A small design with a story: its testbench is written, run and repaired in under a minute.",
    ),
    (
        "builtin",
        "2  Close coverage with the built-in policy",
        "Coverage-directed stimulus for your own design. No key, no network, nothing leaves this machine.",
    ),
    (
        "model",
        "3  Close coverage with a model",
        "Any endpoint that speaks the OpenAI protocol, a local one too. The key comes from OPENAI_API_KEY.",
    ),
)


class WelcomeScreen(ModalScreen[str | None]):
    """Example, built-in policy, model; Escape looks around first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Look around"),
        Binding("1", "way('example')", "Example"),
        Binding("2", "way('builtin')", "Built-in"),
        Binding("3", "way('model')", "Model"),
        Binding("down,j", "app.focus_next", "Next", show=False),
        Binding("up,k", "app.focus_previous", "Previous", show=False),
    ]

    def __init__(self, design: str) -> None:
        super().__init__()
        self._design = design

    def compose(self) -> ComposeResult:
        """What this is, and the ways to start."""
        here = f"Open here: {self._design}." if self._design else "No design is open here yet."
        with Vertical(classes="dialog wide", id="welcome"):
            yield Static("llm4cov closes hardware coverage", classes="dialog-title")
            with VerticalScroll(id="welcome-ways"):
                yield Static(
                    "It writes a SystemVerilog testbench, runs it on Verilator, reads which points were "
                    f"missed, and repairs it, round after round. You watch, steer and decide. {here}",
                    markup=False,
                )
                for name, title, words in WAYS:
                    yield Button(Text(title), id=f"way-{name}", classes="way", compact=True)
                    yield Static(words, classes="way-words", markup=False)
            yield Static("1, 2 or 3 chooses; Esc looks around first.", classes="dialog-keys")

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss((event.button.id or "").removeprefix("way-"))

    def action_way(self, name: str) -> None:
        """Start."""
        self.dismiss(name)

    def action_leave(self) -> None:
        """Look around first."""
        self.dismiss(None)
