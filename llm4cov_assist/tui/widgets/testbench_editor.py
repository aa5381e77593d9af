"""The testbench, editable, with live problems."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual import on
from textual.containers import Vertical
from textual.widgets import Static, TextArea

from llm4cov_assist.tui.messages import Edited
from llm4cov_assist.tui.themes import inks
from llm4cov_assist.tui.widgets.source_area import Sign, SourceArea
from llm4cov_engine import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.timer import Timer

    from llm4cov_engine import Problem

_PAUSE = 0.4
"""Seconds without a key after which the text is checked and kept."""


class TestbenchEditor(Vertical):
    """An editor; it tells when its text has changed and rested.

    Attributes:
        file: name of the testbench.
        base: the text the state holds; what differs from it is the person's own.
        path: file it is saved to, "" for none yet.
        saved: the text as it was last written to that file.
    """

    __test__ = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.file = "testbench.sv"
        self.base = ""
        self.path = ""
        self.saved = ""
        self._problems: Sequence[Problem] = ()
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """The text, and a line for the problem under the cursor."""
        yield SourceArea("", read_only=False)
        yield Static("", classes="line-points")

    def on_mount(self) -> None:
        """Say how to begin, and follow the application's theme."""
        self.area.placeholder = (
            "No testbench yet. F7 lets the policy write one; or type or paste your own, "
            "or load a file: F1, Edit a testbench file."
        )
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw())

    @property
    def area(self) -> SourceArea:
        """The text."""
        return self.query_one(SourceArea)

    @property
    def text(self) -> str:
        """The text."""
        return self.area.text

    @property
    def is_edited(self) -> bool:
        """Whether a person changed it since it was measured."""
        return self.text != self.base

    @property
    def is_unsaved(self) -> bool:
        """Whether it differs from the state and from its file."""
        return self.is_edited and self.text != self.saved

    def load(self, name: str, text: str, *, base: str | None = None) -> None:
        """Hold another text; `base` is what the state holds, the same text when left out."""
        self.file = name
        self.base = text if base is None else base
        if text != self.text:
            place = self.area.cursor_location
            self.area.load_text(text)
            self.area.go_to(place[0] + 1, place[1] + 1)
        self.show_problems(())
        self.post_message(Edited(self.file))

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show live problems in the gutter."""
        self._problems = [problem for problem in problems if problem.span is not None]
        self._draw()

    @property
    def problem_lines(self) -> set[int]:
        """Lines that have a problem."""
        return {each.span.line for each in self._problems if each.span is not None}

    def _draw(self) -> None:
        ink = inks(self.app)
        signs: dict[int, Sign] = {}
        for problem in self._problems:
            if problem.span is not None:
                bad = problem.severity is Severity.ERROR
                sign = Sign("✗", ink.missed) if bad else Sign("!", ink.partly)
                if bad or problem.span.line not in signs:
                    signs[problem.span.line] = sign
        self.area.show_signs(signs)
        self._tell()

    @on(TextArea.SelectionChanged)
    def _tell(self) -> None:
        """Say what is wrong on the cursor's line."""
        line = self.area.cursor_location[0] + 1
        here = [each for each in self._problems if each.span is not None and each.span.line == line]
        said = Text(no_wrap=True, overflow="ellipsis")
        ink = inks(self.app)
        if here:
            said.append(f"✗ {here[0].message}", style=ink.missed)
        elif self._problems:
            said.append(f"{_counted(len(self._problems))}; F8 goes to the next", style=ink.quiet)
        self.query_one(".line-points", Static).update(said, layout=False)

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        event.stop()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_PAUSE, self._rested)

    def _rested(self) -> None:
        self._timer = None
        self.post_message(Edited(self.file))


def _counted(count: int) -> str:
    return "1 problem" if count == 1 else f"{count} problems"
