"""The last line: design, policy, score against target, how testbenches are built, and what runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from llm4cov_assist.tui.score import shown
from llm4cov_assist.tui.themes import inks
from llm4cov_assist.tui.widgets.entries import money_shown

if TYPE_CHECKING:
    from textual import events
    from textual.app import RenderResult

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class StatusBar(Widget):
    """Facts from left to right, the most important first: a narrow terminal cuts the others off."""

    design: reactive[str] = reactive("")
    policy: reactive[str] = reactive("")
    score: reactive[float | None] = reactive(None)
    target: reactive[str] = reactive("")
    met: reactive[bool] = reactive(False)
    mode: reactive[str] = reactive("")
    spent: reactive[float] = reactive(0.0)
    automatic: reactive[bool] = reactive(False)
    stage: reactive[str] = reactive("")
    paused: reactive[bool] = reactive(False)
    seconds: reactive[int] = reactive(-1)

    def on_mount(self) -> None:
        """Count the seconds of what runs."""
        self._began = 0.0
        self._actions: list[tuple[int, int, str]] = []
        self._timer = self.set_interval(0.2, self._tick, pause=True)

    def watch_stage(self, before: str, now: str) -> None:
        """Begin to count with every stage, or stop; what a stage tells of itself is not another one."""
        if not now:
            self._timer.pause()
            self.seconds = -1
        elif _stage(now) != _stage(before):
            self._began = time.monotonic()
            self.seconds = 0
            self._timer.resume()

    def _tick(self) -> None:
        self.seconds = int(time.monotonic() - self._began)
        self.refresh()

    def render(self) -> RenderResult:
        """The line."""
        ink = inks(self.app)
        line = Text(no_wrap=True, overflow="ellipsis", end="")
        self._actions = []

        def part(text: str, style: str = "", action: str = "") -> None:
            if line.cell_len:
                line.append("  ")
            first = line.cell_len
            line.append(text, style=style)
            if action:
                self._actions.append((first, line.cell_len, action))

        part(f" {self.design or 'no design'}", "bold", "show_view('modules')")
        if self.stage:
            turn = _SPINNER[int(time.monotonic() * 5) % len(_SPINNER)] if self.seconds >= 0 else "⠿"
            said = f"{turn} {self.stage}" + (f" {self.seconds} s" if self.seconds >= 0 else "")
            part(said, f"bold {ink.partly}", "stop")
        if self.paused:
            part("paused after this round", f"bold {ink.waived}", "pause")
        if self.score is not None:
            part(f"{shown(self.score)} %", f"bold {ink.of_ratio(self.score)}", "show_panel('holes')")
        if self.target:
            part(f"{'✓' if self.met else '✗'} {self.target}", ink.hit if self.met else ink.missed)
        if self.policy:
            part(self.policy, "", "switch_policy")
        if self.spent:
            part(money_shown(self.spent), ink.quiet, "show_panel('rounds')")
        part("automatic" if self.automatic else "review on", ink.quiet, "toggle_review")
        if self.mode:
            part(self.mode, ink.quiet)
        part("F1 commands", ink.quiet, "app.command_palette")
        line.truncate(self.size.width, overflow="ellipsis")
        return line

    async def on_click(self, event: events.Click) -> None:
        """Act on what was clicked."""
        for first, last, action in self._actions:
            if first <= event.x < last:
                await self.screen.run_action(action)
                return


def _stage(words: str) -> str:
    return words.partition(":")[0]
