"""A model's reply as its tokens arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

from llm4cov_assist.tui.themes import inks

if TYPE_CHECKING:
    from textual.timer import Timer

_LINES = 14
"""Lines of a reply that are shown while it arrives; all of it is in the testbench tab a moment later."""

_FRAMES = 10
"""Paints a second: tokens come faster than anybody reads."""


class Reply(Static):
    """The end of a reply; it grows and stays."""

    def __init__(self) -> None:
        super().__init__()
        self._tail = ""
        self._count = 0
        self._shown = 0
        self._is_stale = False
        self._painter: Timer | None = None

    @property
    def characters(self) -> int:
        """How much has arrived."""
        return self._count

    def on_mount(self) -> None:
        """Paint a few times a second, however many tokens arrive."""
        self._painter = self.set_interval(1 / _FRAMES, self._paint)

    def add(self, text: str) -> None:
        """Take a piece."""
        self._count += len(text)
        self._tail = "\n".join((self._tail + text).split("\n")[-_LINES:])[-2000:]
        self._is_stale = True

    def end(self) -> None:
        """Nothing more arrives."""
        if self._painter is not None:
            # A reply that ends before it is mounted is painted by its timer, once.
            self._paint()
            self._painter.stop()

    def _paint(self) -> None:
        if not self._is_stale:
            return
        self._is_stale = False
        ink = inks(self.app)
        lines = Text(self._tail).wrap(self.app.console, max(1, self.content_size.width or 80))[-_LINES:]
        text = Text(f"{self._count:,} characters\n", style=ink.quiet)
        text.append("\n".join(line.plain for line in lines), style=ink.function)
        # As long as it has as many lines as before, nothing else on the screen moves.
        self.update(text, layout=len(lines) != self._shown)
        self._shown = len(lines)
