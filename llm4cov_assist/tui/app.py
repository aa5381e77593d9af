"""The application: themes, the palette, and the main screen."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType

from llm4cov_assist.tui.commands import PALETTE_KEYS
from llm4cov_assist.tui.garbage import unsettle
from llm4cov_assist.tui.palette import Commands
from llm4cov_assist.tui.preferences import Preferences
from llm4cov_assist.tui.screens.main import MainScreen
from llm4cov_assist.tui.themes import themes

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.command import Provider
    from textual.driver import Driver
    from textual.screen import Screen

    from llm4cov_assist.tui.desk import Request
    from llm4cov_assist.tui.messages import OpenFolder

_SWITCH_SECONDS = 0.001
"""How long a thread may keep the interpreter from the one that draws; Python's own 0.005 is felt."""


class AssistantApp(App[Path | None]):
    """The terminal assistant on one repository; it ends with the folder to go on in, or None.

    Args:
        theme: "" for the one that was chosen last.
    """

    TITLE = "llm4cov"
    CSS_PATH = Path(__file__).with_name("styles.tcss")
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "f1"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {Commands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(PALETTE_KEYS), "command_palette", "Command palette", show=False, priority=True),
        Binding("ctrl+q", "screen.leave", "Quit", show=False, priority=True),
    ]

    def __init__(self, request: Request, *, theme: str = "", welcome: bool = True) -> None:
        super().__init__()
        self._request, self._welcome = request, welcome
        for each in themes():
            self.register_theme(each)
        self.theme = theme or Preferences.found().theme
        if "TEXTUAL_ANIMATIONS" not in os.environ:
            # A frame of what slides is one less for what is typed.
            self.animation_level = "none"
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._pressed = 0.0
        self._is_ending = False

    @property
    def rest_seconds(self) -> float:
        """Seconds since a key arrived."""
        return time.monotonic() - self._pressed

    async def on_event(self, event: events.Event) -> None:
        """Note when keys arrive."""
        if isinstance(event, events.Key):
            self._pressed = time.monotonic()
        await super().on_event(event)

    def get_default_screen(self) -> Screen[Any]:
        """The main screen."""
        return MainScreen(self._request, welcome=self._welcome)

    def on_mount(self) -> None:
        """End in good order when the terminal is closed or the process told to end."""
        if not self.is_headless:
            for number in (signal.SIGHUP, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, self.told_to_end)

    def get_driver_class(self) -> type[Driver]:
        """Textual's own, but for a terminal one that outlives the terminal."""
        found = super().get_driver_class()
        if found.__name__ != "LinuxDriver":
            return found
        from llm4cov_assist.tui.terminal import TerminalDriver

        return TerminalDriver

    def told_to_end(self) -> None:
        """End in good order; what was told twice is done once."""
        if self._is_ending:
            return
        self._is_ending = True

        async def end() -> None:
            await self.end_work()
            self.exit()

        self.run_worker(end(), name="end")

    async def on_open_folder(self, event: OpenFolder) -> None:
        """End, for the command to begin again there."""
        await self.end_work()
        self.exit(event.folder)

    async def on_unmount(self) -> None:
        """End what runs, whatever way the application ends."""
        await self.end_work()
        unsettle()

    async def end_work(self) -> None:
        """Keep what was typed and end what runs."""
        for screen in self.screen_stack:
            if isinstance(screen, MainScreen):
                await screen.flush()
