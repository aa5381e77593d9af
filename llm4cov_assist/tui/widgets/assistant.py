"""The assistant: a conversation of instructions, replies and round cards, and a line to write in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical
from textual.widgets import Input

from llm4cov_assist.tui.messages import Instructed
from llm4cov_assist.tui.widgets.conversation import Conversation
from llm4cov_assist.tui.widgets.entries import Reply, RoundCard, Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from textual.app import ComposeResult
    from textual.timer import Timer

    from llm4cov_assist.tui.standing import Standing
    from llm4cov_assist.tui.talk import Said
    from llm4cov_assist.tui.widgets.entries import Entry
    from llm4cov_engine import Node

_ROUNDS = 60
"""Rounds of an earlier day that are shown; every round stays in the session."""

_FRAMES = 10
"""Paints of a growing reply a second: tokens come faster than anybody reads."""

HELP = (
    "Say what the next rounds should exercise, and press Enter.\n\n"
    "F5 runs the testbench as it stands, F7 lets the policy close coverage, F6 pauses after this round, "
    "F9 stops at once. F1 lists everything."
)


class Assistant(Vertical):
    """The conversation and its input.

    Attributes:
        price: what a round cost, in the currency of the prices.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.price: Callable[[Node], float] = lambda _: 0.0
        self._growing: Reply | None = None
        self._remembered: list[Said] = []
        self._seen: Reply | None = None
        self._grown = False
        self._painter: Timer | None = None
        self._conversation = Conversation(id="conversation")

    def compose(self) -> ComposeResult:
        """The conversation above, the line to write in below."""
        yield self._conversation
        yield Input(placeholder="What should it exercise?", id="composer")

    def on_mount(self) -> None:
        """Say how to begin."""
        self._painter = self.set_interval(1 / _FRAMES, self._paint, pause=True)
        self.say("note", HELP)

    @property
    def cards(self) -> list[RoundCard]:
        """The cards of the conversation."""
        return self._conversation.cards

    @property
    def replies(self) -> list[Reply]:
        """The replies of the conversation."""
        return [entry for entry in self._conversation.entries if isinstance(entry, Reply)]

    @property
    def words(self) -> list[Words]:
        """What was said in the conversation."""
        return [entry for entry in self._conversation.entries if isinstance(entry, Words)]

    def say(self, who: str, text: str) -> None:
        """Add a person's or the engine's words; `who` is person, note or error."""
        self._conversation.add(Words(who, text))

    def stream(self, text: str) -> None:
        """Add a piece of a model's reply."""
        if self._growing is None:
            self._growing = self._seen = Reply(text)
            self._conversation.add(self._growing)
            if self._painter is not None:
                self._painter.resume()
            return
        self._growing.add(text)
        self._grown = True

    def end_stream(self) -> None:
        """The reply is complete, or was broken off."""
        if self._growing is not None:
            self._growing.is_running = False
            self._paint()
            self._growing = None
            if self._painter is not None:
                self._painter.pause()

    def _paint(self) -> None:
        if self._growing is not None and self._grown:
            self._grown = False
            self._conversation.changed(self._growing)

    def remember(self, said: Sequence[Said]) -> None:
        """What was said earlier in a session that is opened; it stands above the round it led to."""
        self._remembered = list(said)

    def show(self, standing: Standing) -> None:
        """Show a card for every round that has none, and what each was the first to hit."""
        conversation, nodes = self._conversation, standing.nodes
        cards = {card.node.number: card for card in conversation.cards}
        if (
            any(number >= len(nodes) or nodes[number] != card.node for number, card in cards.items())
            and nodes
        ):
            # Another session.
            old = [entry for card in cards.values() for entry in (card, card.reply) if entry is not None]
            conversation.forget(*old)
            cards = {}
        first = max(cards) + 1 if cards else max(1, len(nodes) - _ROUNDS)
        fresh = [RoundCard(node, self.price(node)) for node in nodes[first:]]
        cards |= {card.node.number: card for card in fresh}
        news = []
        if standing.metrics:
            for number, card in cards.items():
                kinds, gain = standing.kinds.get(number, ""), standing.gains.get(number, 0)
                if card.show_hits(gain, kinds, best=number == standing.best) and card not in fresh:
                    news.append(card)
        if fresh:
            # What a model answers is seen to arrive, above the card of the round it leads to.
            fresh[-1].reply, self._seen = self._seen, None
            conversation.add(*self._with_words(fresh))
        if news:
            conversation.changed(*news)
        for number, card in cards.items():
            if card.reply is None and (text := standing.replies.get(number)):
                card.reply = Reply(text, is_running=False)
                conversation.add(card.reply, before=card)

    def _with_words(self, cards: Sequence[RoundCard]) -> Iterator[Entry]:
        said, self._remembered = self._remembered, []
        for card in cards:
            yield from (Words("person", each.text) for each in said if each.after == card.node.number - 1)
            yield card
        last = cards[-1].node.number
        yield from (Words("person", each.text) for each in said if each.after >= last)

    def ask(self) -> None:
        """Give the line to write in the keys."""
        self.screen.set_focus(self.query_one("#composer", Input))

    @on(Input.Submitted, "#composer")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if text:
            event.input.clear()
            self.post_message(Instructed(text))
