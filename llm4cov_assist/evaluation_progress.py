"""An evaluation's progress in the terminal: one live bar on stderr, one lasting line per finished sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from llm4cov_assist.console import talk
from llm4cov_engine import evaluation, events, percent

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_LONGEST = 60
"""Characters for what is under way."""


class EvaluationProgress:
    """Reads the events of an evaluation.

    On a terminal a bar shows how far it is and what is under way; elsewhere only the lasting lines appear.
    """

    def __init__(self) -> None:
        self._under_way: dict[tuple[str, int], str] = {}
        self._notes: set[str] = set()
        self._bar = Progress(
            TextColumn("samples"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}", style="dim"),
            console=talk,
            transient=True,
        )
        self._task = self._bar.add_task("starting", total=None)

    def __enter__(self) -> Self:
        if talk.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def __call__(self, event: evaluation.EvaluationEvent) -> None:
        """Take one event."""
        match event:
            case evaluation.EvaluationBegun(left, kept):
                self._bar.update(self._task, total=left + kept, completed=kept)
                if kept:
                    talk.print(f"{kept} samples are there already, {left} are left.", markup=False)
            case evaluation.SampleBegun(task, number):
                self._under_way[task, number] = ""
            case evaluation.InSample(task, number, inner):
                self._inside((task, number), inner)
            case evaluation.SampleKept(sample):
                self._under_way.pop(sample.key, None)
                self._bar.advance(self._task)
                self._tell(sample)
        self._bar.update(self._task, description=self._description())

    def _inside(self, key: tuple[str, int], event: events.Event) -> None:
        match event:
            case events.Stage(events.StageName.PREPARING, detail) if detail and not talk.is_terminal:
                self._once(f"{events.StageName.PREPARING.value}: {detail} ...")
            case events.Note(text):
                self._once(f"note: {text}")
            case events.RoundStarted(number, _, state):
                self._under_way[key] = f"round {number}" + (
                    f" {percent(state.score)}" if state.feedback else ""
                )
            case _:
                pass

    def _once(self, text: str) -> None:
        """Many samples have the same to say."""
        if text not in self._notes:
            self._notes.add(text)
            talk.print(text, markup=False, style="dim")

    def _description(self) -> str:
        shown = ", ".join(f"{task} {doing}".strip() for (task, _), doing in self._under_way.items())
        return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"

    def _tell(self, sample: evaluation.Sample) -> None:
        outcome = sample.outcome
        line = Text(f"{sample.task}  sample {sample.number}  ")
        if outcome.simulated:
            line.append(f"{percent(outcome.score):>7}", style="bold")
        else:
            line.append(outcome.status.value.replace("_", " "), style="red")
        if outcome.passed:
            line.append(f"  passed in round {sample.rounds_to_pass}", style="green")
        rounds = len(sample.rounds)
        line.append(f"  {rounds} round{'' if rounds == 1 else 's'}  {sample.seconds:.1f} s", style="dim")
        if sample.error:
            line.append(f"  {sample.error}", style="red")
        talk.print(line)
