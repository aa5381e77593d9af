"""An RTL file, read-only, with a coverage gutter and the points of the cursor's line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual import on
from textual.containers import Vertical
from textual.widgets import Static, TextArea

from llm4cov_assist.tui.themes import SIGNS, inks
from llm4cov_assist.tui.widgets.source_area import Sign, SourceArea

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

    from llm4cov_assist.tui.standing import Standing
    from llm4cov_engine import LineMark, Point

_SHOWN = 40
"""Points of a line that are listed; a wide vector has hundreds."""


class RtlView(Vertical):
    """A file's text; signs say what its lines' points add up to.

    Attributes:
        name: of the file.
    """

    def __init__(self, file: str, text: str) -> None:
        super().__init__()
        self.file = file
        self._text = text
        self._marks: Mapping[int, LineMark] = {}
        self._standing: Standing | None = None

    def compose(self) -> ComposeResult:
        """The text, and a line that tells about the cursor's line."""
        yield SourceArea(self._text, read_only=True)
        yield Static("", classes="line-points")

    @property
    def area(self) -> SourceArea:
        """The text."""
        return self.query_one(SourceArea)

    def on_mount(self) -> None:
        """Follow the application's theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw())

    def show(self, standing: Standing, marks: Mapping[int, LineMark]) -> None:
        """Show coverage in the gutter."""
        self._standing, self._marks = standing, marks
        self._draw()

    def holes_after(self, line: int, step: int) -> int:
        """The next line, or the one before, that was not wholly hit; 0 for none."""
        wanted = [n for n, mark in self._marks.items() if mark.status.value in ("missed", "partly")]
        found = [n for n in wanted if (n > line if step > 0 else n < line)]
        return 0 if not found else min(found) if step > 0 else max(found)

    def _draw(self) -> None:
        ink = inks(self.app)
        self.area.show_signs(
            {line: Sign(SIGNS[mark.status], ink.of(mark.status)) for line, mark in self._marks.items()}
        )
        self._tell()

    @on(TextArea.SelectionChanged)
    def _tell(self) -> None:
        """Say what the points of the cursor's line are."""
        mark = self._marks.get(self.area.cursor_location[0] + 1)
        self.query_one(".line-points", Static).update(self._about(mark), layout=False)

    def _about(self, mark: LineMark | None) -> Text:
        ink = inks(self.app)
        if mark is None:
            return Text("no coverage point on this line" if self._marks else "", style=ink.quiet)
        hit, total = mark.counted
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"{SIGNS[mark.status]} {mark.status.value} ", style=f"bold {ink.of(mark.status)}")
        line.append(f"{hit}/{total}  ", style=ink.quiet)
        # What is missing is what one looks for.
        points = sorted(mark.points, key=lambda point: (bool(point.hits), point.exclusion is not None))
        for point in points[:_SHOWN]:
            line.append_text(self._point(point))
        if len(points) > _SHOWN:
            line.append(f"and {len(points) - _SHOWN} more", style=ink.quiet)
        return line

    def _point(self, point: Point) -> Text:
        ink = inks(self.app)
        said = Text()
        if point.hits:
            said.append("✓ ", style=ink.hit)
        elif point.exclusion is not None:
            said.append("w " if point.exclusion.kind.value == "waived" else "∅ ", style=ink.waived)
        else:
            said.append("✗ ", style=ink.missed)
        said.append(f"{point.metric.value} {point.what}")
        if point.exclusion is not None and not point.hits:
            said.append(f" ({point.exclusion.reason})", style=ink.quiet)
        if point.hits and self._standing is not None:
            first = self._standing.first_hit(point)
            if first:
                said.append(f" #{first}", style=ink.quiet)
        return said.append("  ")
