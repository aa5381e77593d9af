"""The terminal underneath, which may go away at any moment."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TextIO, cast

from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from collections.abc import Callable


class Output:
    """Where the screen is painted, and nowhere once that is gone.

    Textual's thread that paints would end with the first error, and the application would wait for it to
    take what is painted next, for ever.

    Args:
        file: of the terminal.
        gone: called once, in the painting thread, when the terminal is no more.
    """

    def __init__(self, file: TextIO, gone: Callable[[], object]) -> None:
        self._file = file
        self._gone = gone
        self._is_there = True

    def fileno(self) -> int:
        """The terminal's."""
        return self._file.fileno()

    def write(self, text: str) -> None:
        """Paint, as long as there is something to paint on."""
        self._try(lambda: self._file.write(text))

    def flush(self) -> None:
        """Have it painted now."""
        self._try(self._file.flush)

    def _try(self, paint: Callable[[], object]) -> None:
        if not self._is_there:
            return
        try:
            paint()
        except OSError:
            self._is_there = False
            self._gone()


class TerminalDriver(LinuxDriver):
    """Textual's driver; an application whose terminal is gone ends, also where no signal says so."""

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self._end = app.told_to_end
        if self._file is not None:
            self._file = cast("Any", Output(self._file, self._terminal_gone))
        self._application_loop: asyncio.AbstractEventLoop | None = None

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        self._application_loop = asyncio.get_running_loop()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def _terminal_gone(self) -> None:
        if self._application_loop is not None and not self._application_loop.is_closed():
            self._application_loop.call_soon_threadsafe(self._end)
