"""What a conversation consists of: words, replies of a model, cards of rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from llm4cov_assist.tui.score import shown
from llm4cov_engine import Status

if TYPE_CHECKING:
    from llm4cov_assist.tui.themes import Inks
    from llm4cov_engine import Node

_LINES = 14
"""Lines of a reply that are shown while it arrives; all of it is in the testbench tab a moment later."""

_CHARACTERS = 1500
"""Characters of a reply that are kept for these lines."""


class Words:
    """What a person said, a note of the engine, or an error.

    Attributes:
        who: person, note or error.
    """

    def __init__(self, who: str, text: str) -> None:
        self.who, self.text = who, text

    def bar(self, ink: Inks) -> str:  # noqa: ARG002
        """No bar on the left."""
        return ""

    def draw(self, ink: Inks) -> Text:
        """The words, with a sign that says whose they are."""
        if self.who == "person":
            return Text.assemble(("› ", f"bold {ink.partly}"), (self.text, "bold"))
        if self.who == "error":
            return Text.assemble(("✗ ", ink.missed), self.text)
        return Text.assemble((self.text, ink.quiet))


class Reply:
    """The end of a model's reply; it grows.

    Attributes:
        characters: how many arrived.
        is_running: whether more may come.
    """

    def __init__(self, text: str = "", *, is_running: bool = True) -> None:
        self.characters = 0
        self.is_running = is_running
        self.tail = ""
        self.add(text)

    def add(self, text: str) -> None:
        """Take a piece."""
        self.characters += len(text)
        self.tail = (self.tail + text)[-_CHARACTERS:]

    def bar(self, ink: Inks) -> str:
        """A bar of its own colour."""
        return ink.partly

    def draw(self, ink: Inks) -> Text:
        """How much there is, and its last lines."""
        text = Text.assemble((f"{self.characters:,} characters\n", ink.quiet))
        text.append("\n".join(self.tail.rstrip("\n").split("\n")[-_LINES:]), style=ink.function)
        return text


class RoundCard:
    """One round: score, gain, what it newly hit, time, tokens and money.

    Attributes:
        money: what the round cost, in the currency of the prices; 0 where no prices are set.
        reply: what its model answered, where that stands above the card; None where it does not.
    """

    def __init__(self, node: Node, money: float = 0.0) -> None:
        self.node, self.money = node, money
        self.reply: Reply | None = None
        self._hits: tuple[int | None, str, bool] = (None, "", False)

    def show_hits(self, fresh: int, kinds: str, *, best: bool) -> bool:
        """Say what the round was the first to hit, and whether it is the best one; whether that is news."""
        before, self._hits = self._hits, (fresh, kinds, best)
        return before != self._hits

    def bar(self, ink: Inks) -> str:
        """Whether the testbench ran."""
        return ink.hit if self.node.status is Status.SUCCESS else ink.missed

    def draw(self, ink: Inks) -> Text:
        """The card."""
        node = self.node
        fresh, kinds, is_best = self._hits
        good = node.status is Status.SUCCESS
        card = Text()
        card.append(f"#{node.number} ", style="bold")
        card.append(node.author or "file", style=ink.quiet)
        card.append(f" {node.model}\n" if node.model else "\n", style=ink.quiet)
        if good:
            card.append(f"{shown(node.score)} %", style=f"bold {ink.of_ratio(node.score)}")
            card.append(f"  {node.gain * 100:+.1f}", style=ink.hit if node.gain > 0 else ink.quiet)
        else:
            words = node.status.value.replace("_", " ") if node.status else "not simulated"
            card.append(f"✗ {words}", style=f"bold {ink.missed}")
        if is_best:
            card.append("  ★ best", style=f"bold {ink.hit}")
        if node.closed:
            card.append("  closed", style=f"bold {ink.hit}")
        if fresh:
            card.append(f"\n+{fresh} points", style=ink.hit)
            card.append(f" {kinds}" if kinds else "", style=ink.quiet)
        elif fresh is not None and good:
            card.append("\nnothing newly hit", style=ink.quiet)
        elif good:
            # A line for what is being looked up, so that nothing moves when it is known.
            card.append("\n ")
        card.append(f"\n{node.seconds:.1f} s", style=ink.quiet)
        if node.tokens.prompt or node.tokens.completion:
            card.append(f" · {node.tokens.prompt:,} + {node.tokens.completion:,} tokens", style=ink.quiet)
        if self.money:
            card.append(f" · {money_shown(self.money)}", style=ink.quiet)
        if node.note:
            card.append(f"\n{node.note}", style=ink.quiet)
        return card


Entry = Words | Reply | RoundCard


def money_shown(money: float) -> str:
    """An amount, in the currency of the prices, which is the person's own: "cost 0.0123"."""
    return f"cost {money:,.2f}" if money >= 1 else f"cost {money:.4f}"
