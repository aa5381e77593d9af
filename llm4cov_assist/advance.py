"""How far work over many rows has come: one bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from llm4cov_assist.console import talk

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from rich.progress import TaskID

    from llm4cov_engine import Advance


LOG_SECONDS = 30.0
"""Between two lines in a log."""


class AdvanceBar:
    """Shows the latest step of long work; one bar for each kind of work."""

    def __init__(self) -> None:
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[detail]}", style="dim"),
            console=talk,
            transient=True,
            disable=not talk.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._told = time.monotonic()

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def __call__(self, advance: Advance) -> None:
        """Take one step."""
        if not talk.is_terminal:
            self._log(advance)
            return
        total = advance.total or None
        if advance.what not in self._tasks:
            self._tasks[advance.what] = self._bars.add_task(advance.what, total=total, detail="")
        self._bars.update(
            self._tasks[advance.what], completed=advance.done, total=total, detail=advance.detail[:60]
        )

    def _log(self, advance: Advance) -> None:
        now = time.monotonic()
        if now - self._told >= LOG_SECONDS:
            self._told = now
            of = f" of {advance.total}" if advance.total else ""
            detail = f"  {advance.detail}" if advance.detail else ""
            talk.print(f"{advance.what}: {advance.done}{of}{detail}", markup=False, style="dim")
