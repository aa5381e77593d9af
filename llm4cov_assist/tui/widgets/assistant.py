"""The assistant: a conversation of instructions, replies and round cards, and a line to write in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual import on
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from llm4cov_assist.tui.messages import Instructed
from llm4cov_assist.tui.themes import inks
from llm4cov_assist.tui.widgets.reply import Reply
from llm4cov_assist.tui.widgets.round_card import RoundCard

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

    from llm4cov_assist.tui.standing import Standing

_KEPT = 120
"""Entries of the conversation that stay on the screen; every round stays in the session."""

HELP = (
    "Say what the next rounds should exercise, and press Enter.\n\n"
    "F5 runs the testbench as it stands, F7 lets the policy close coverage, F6 pauses after this round, "
    "F9 stops at once. F1 lists everything."
)


class Assistant(Vertical):
    """The conversation and its input."""

    _growing: Reply | None = None

    def compose(self) -> ComposeResult:
        """The conversation above, the line to write in below."""
        with VerticalScroll(id="conversation", can_focus=True):
            yield Static(HELP, classes="note")
        yield Input(placeholder="What should it exercise?", id="composer")

    @property
    def _conversation(self) -> VerticalScroll:
        return self.query_one("#conversation", VerticalScroll)

    def say(self, who: str, text: str) -> None:
        """Add a person's or the engine's words; `who` is person, note or error."""
        ink = inks(self.app)
        if who == "person":
            shown_text = Text.assemble(("› ", ink.partly), text)
        elif who == "error":
            shown_text = Text.assemble(("✗ ", ink.missed), text)
        else:
            shown_text = Text(text, style=ink.quiet)
        self._add(Static(shown_text, classes=who))

    def stream(self, text: str) -> None:
        """Add a piece of a model's reply."""
        # Tokens come by the hundred a second: looking for the reply each time would cost more than they do.
        if self._growing is None:
            self._growing = Reply()
            self._growing.add_class("-running")
            self._add(self._growing)
        self._growing.add(text)

    def end_stream(self) -> None:
        """The reply is complete, or was broken off."""
        if self._growing is not None:
            self._growing.end()
            self._growing.remove_class("-running")
            self._growing = None

    def show(self, standing: Standing) -> None:
        """Show a card for every round that has none, and what each was the first to hit."""
        cards = {card.node.number: card for card in self.query(RoundCard)}
        if (
            cards
            and standing.nodes
            and any(
                number >= len(standing.nodes) or standing.nodes[number] != card.node
                for number, card in cards.items()
            )
        ):
            # Another session.
            for card in cards.values():
                card.remove()
            cards = {}
        shown_before = max(cards, default=max(0, len(standing.nodes) - 1 - _KEPT // 2))
        for node in standing.nodes[max(1, shown_before + 1 if cards else shown_before) :]:
            card = cards[node.number] = RoundCard(node)
            self._add(card)
        if standing.metrics:
            for number, card in cards.items():
                fresh = standing.gains.get(number, 0)
                card.show_hits(fresh, standing.kinds.get(number, ""), best=number == standing.best)

    def _add(self, entry: Widget) -> None:
        scroll = self._conversation
        at_end = scroll.scroll_offset.y >= scroll.max_scroll_y - 2
        scroll.mount(entry)
        for old in scroll.children[: max(0, len(scroll.children) - _KEPT)]:
            old.remove()
        if at_end:
            self.call_after_refresh(scroll.scroll_end, animate=False)

    def ask(self) -> None:
        """Give the line to write in the keys."""
        self.query_one("#composer", Input).focus()

    @on(Input.Submitted, "#composer")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if text:
            event.input.clear()
            self.post_message(Instructed(text))
