"""A round's progress in the terminal: one live line on stderr, one lasting line per finished round."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text as RichText

from llm4cov_assist.console import talk
from llm4cov_engine import Status, events, percent

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from rich.console import Console, ConsoleOptions, RenderResult

    from llm4cov_engine import Transition


class Progress:
    """Reads engine events; shows round, stage, best score and time.

    On a terminal the running stage is one line that is redrawn; elsewhere only the lasting lines appear,
    so that logs stay short.
    """

    def __init__(self) -> None:
        self._finished = 0
        self._round = ""
        self._stage = "starting"
        self._best = ""
        self._began = time.monotonic()
        self._spinner = Spinner("dots")
        self._live = Live(self, console=talk, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        if talk.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        seconds = time.monotonic() - self._began
        parts = [part for part in (self._round, self._stage, self._best, f"{seconds:.1f} s") if part]
        self._spinner.update(text=RichText("  ".join(parts), no_wrap=True, overflow="ellipsis"))
        yield self._spinner

    def __call__(self, event: events.Event) -> None:
        """Take one event."""
        match event:
            case events.Stage(name, detail):
                self._stage = f"{name}: {detail}" if detail else name.value
                if name is events.StageName.PREPARING and detail and not talk.is_terminal:
                    talk.print(f"{self._stage} ...", markup=False)
            case events.RoundStarted(state=state):
                self._round = f"round {self._finished + 1}"
                self._best = f"best {percent(state.score)}" if state.feedback else ""
            case events.RoundFinished(transition=done, best=best):
                self._finished += 1
                self._best = f"best {percent(best.score)}"
                self._tell(done)
            case events.Note(text):
                talk.print(f"note: {text}", markup=False, style="dim")
            case _:
                pass

    def _tell(self, done: Transition) -> None:
        feedback = done.feedback
        success = feedback.status is Status.SUCCESS
        line = RichText(f"round {self._finished}  ")
        line.append(f"{done.proposal.policy:8}  ")
        if success:
            line.append(f"{percent(feedback.score):>7}", style="bold")
            line.append(f"  {done.gain * 100:+6.1f}", style="green" if done.gain > 0 else "dim")
        else:
            line.append(feedback.status.value.replace("_", " "), style="red")
        line.append(f"  {done.seconds:5.1f} s", style="dim")
        if done.proposal.note:
            line.append(f"  {done.proposal.note}", style="dim")
        talk.print(line)
