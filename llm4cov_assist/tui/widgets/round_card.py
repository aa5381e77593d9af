"""One round as a card: score, gain, what it newly hit, time and cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

from llm4cov_assist.tui.messages import OpenNode
from llm4cov_assist.tui.score import shown
from llm4cov_assist.tui.themes import inks
from llm4cov_engine import Status

if TYPE_CHECKING:
    from llm4cov_engine import Node


class RoundCard(Static, can_focus=True):
    """A finished round; a click or Enter opens its testbench."""

    BINDINGS = [("enter", "open", "Open testbench")]  # noqa: RUF012

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.node = node
        self._fresh: int | None = None
        self._kinds = ""
        self._best = False
        self._height = 0

    def on_mount(self) -> None:
        """Follow the application's theme."""
        self._draw()
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw())

    def show_hits(self, fresh: int, kinds: str, *, best: bool) -> None:
        """Say what the round was the first to hit, and whether it is the best one."""
        if (fresh, kinds, best) != (self._fresh, self._kinds, self._best):
            self._fresh, self._kinds, self._best = fresh, kinds, best
            self._draw()

    def _draw(self) -> None:
        node, ink = self.node, inks(self.app)
        good = node.status is Status.SUCCESS
        card = Text()
        card.append(f"#{node.number} ", style="bold")
        card.append(f"{node.author or 'file'}", style=ink.quiet)
        if node.model:
            card.append(f" {node.model}", style=ink.quiet)
        card.append("\n")
        if good:
            card.append(f"{shown(node.score)} %", style=f"bold {ink.of_ratio(node.score)}")
            card.append(f"  {node.gain * 100:+.1f}", style=ink.hit if node.gain > 0 else ink.quiet)
        else:
            words = node.status.value.replace("_", " ") if node.status else "not simulated"
            card.append(f"✗ {words}", style=f"bold {ink.missed}")
        if self._best:
            card.append("  ★ best", style=f"bold {ink.hit}")
        if node.closed:
            card.append("  closed", style=f"bold {ink.hit}")
        if self._fresh:
            card.append(f"\n+{self._fresh} points", style=ink.hit)
            card.append(f" {self._kinds}" if self._kinds else "", style=ink.quiet)
        elif self._fresh is not None and good:
            card.append("\nnothing newly hit", style=ink.quiet)
        elif good:
            # A line for what is being looked up, so that nothing moves when it is known.
            card.append("\n ")
        card.append(f"\n{node.seconds:.1f} s", style=ink.quiet)
        if node.tokens.prompt or node.tokens.completion:
            card.append(f" · {node.tokens.prompt:,} + {node.tokens.completion:,} tokens", style=ink.quiet)
        if node.note:
            card.append(f"\n{node.note}", style=ink.quiet)
        self.set_class(not good, "-failed")
        height = card.plain.count("\n")
        self.update(card, layout=height != self._height)
        self._height = height

    def on_click(self) -> None:
        """Open the round's testbench."""
        self.action_open()

    def action_open(self) -> None:
        """Open the round's testbench."""
        self.post_message(OpenNode(self.node))
