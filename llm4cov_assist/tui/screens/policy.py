"""Who proposes from the next round on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, RadioButton, RadioSet, Static

if TYPE_CHECKING:
    from textual.app import ComposeResult

POLICIES = (
    ("builtin", "Built-in: no model, no network"),
    ("chat", "A model behind an OpenAI-compatible endpoint"),
    ("hybrid", "Both: the built-in policy and the model take turns"),
    ("script", "A script: recorded testbenches, one a round"),
)


@dataclass(frozen=True, slots=True)
class PolicyChoice:
    """What was chosen, as `Workbench.switch` takes it."""

    policy: str
    model: str
    base_url: str


class PolicyScreen(ModalScreen[PolicyChoice | None]):
    """A policy, a model, an endpoint."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Cancel")]

    def __init__(self, now: PolicyChoice) -> None:
        super().__init__()
        self._now = now

    def compose(self) -> ComposeResult:
        """The policies, and what a model needs."""
        name, _, script = self._now.policy.partition(":")
        with Vertical(classes="dialog"):
            yield Static("Who proposes from the next round on", classes="dialog-title")
            with RadioSet(id="policy", compact=True):
                for policy, title in POLICIES:
                    yield RadioButton(title, value=policy == name, name=policy)
            yield Static("Model, as the endpoint names it", classes="dialog-about")
            yield Input(self._now.model, id="model", compact=True)
            yield Static(
                "Endpoint, up to and with /v1; the key comes from OPENAI_API_KEY", classes="dialog-about"
            )
            yield Input(self._now.base_url, id="base-url", compact=True)
            yield Static("Script file (JSONL, .sv or a folder of .sv)", classes="dialog-about")
            yield Input(script, id="script", compact=True)
            with Horizontal(classes="buttons"):
                yield Button("Use it", variant="primary", id="use", compact=True)
                yield Button("Cancel", id="cancel", compact=True)

    @on(Button.Pressed, "#use")
    @on(Input.Submitted)
    def _use(self) -> None:
        pressed = self.query_one(RadioSet).pressed_button
        policy = pressed.name if pressed is not None and pressed.name else "builtin"
        if policy == "script":
            policy = f"script:{self.query_one('#script', Input).value.strip()}"
        model = self.query_one("#model", Input).value.strip()
        base_url = self.query_one("#base-url", Input).value.strip()
        self.dismiss(PolicyChoice(policy, model, base_url))

    @on(Button.Pressed, "#cancel")
    def action_leave(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)
