"""The shape: explorer, editor tabs, assistant, panel, status bar; and how they share a terminal."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.containers import Horizontal, Vertical
from textual.reactive import Reactive
from textual.screen import Screen

from llm4cov_assist.tui.desk import Desk
from llm4cov_assist.tui.drawing import NarrowCompositor
from llm4cov_assist.tui.widgets.assistant import Assistant
from llm4cov_assist.tui.widgets.bottom_panel import BottomPanel
from llm4cov_assist.tui.widgets.editor_tabs import EditorTabs
from llm4cov_assist.tui.widgets.explorer import Explorer
from llm4cov_assist.tui.widgets.status_bar import StatusBar

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

    from llm4cov_assist.tui.desk import Request
    from llm4cov_assist.tui.standing import Standing
    from llm4cov_engine import Node

NARROW, WIDE = 100, 160
SHORT = 30


class ShellScreen(Screen[None]):
    """The panes, and which of them are in sight.

    Where there is no room for three columns, the assistant takes the editor's place when it is called, and
    the sidebar stays beside whichever it is.
    """

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-narrow"),
        (NARROW, "-normal"),
        (WIDE, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (SHORT, "-tall")]  # noqa: RUF012

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """As in the base class, which paints the whole screen whenever the keys go elsewhere."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self._compositor = NarrowCompositor()
        self.desk = Desk(request, self.post_message)
        self.standing: Standing | None = None
        self._was_narrow: bool | None = None

    def compose(self) -> ComposeResult:
        """The panes."""
        with Horizontal(id="desk"):
            yield Explorer(id="explorer")
            with Vertical(id="middle"):
                yield EditorTabs(id="editors")
                yield BottomPanel(id="panel")
            yield Assistant(id="assistant")
        yield StatusBar(id="status")

    @property
    def explorer(self) -> Explorer:
        """The sidebar."""
        return self.query_one(Explorer)

    @property
    def editors(self) -> EditorTabs:
        """The tabs in the middle."""
        return self.query_one(EditorTabs)

    @property
    def panel(self) -> BottomPanel:
        """The panel below."""
        return self.query_one(BottomPanel)

    @property
    def assistant(self) -> Assistant:
        """The column on the right."""
        return self.query_one(Assistant)

    @property
    def status(self) -> StatusBar:
        """The last line."""
        return self.query_one(StatusBar)

    @property
    def is_narrow(self) -> bool:
        """Whether there is no room for three columns."""
        return self.size.width < NARROW

    def on_resize(self, event: events.Resize) -> None:
        """Where a terminal becomes narrow the assistant makes room, unless someone writes to it."""
        is_narrow = event.size.width < NARROW
        if event.size.width and is_narrow is not self._was_narrow:
            self._was_narrow = is_narrow
            focused = self.focused
            in_use = focused is not None and self.assistant in focused.ancestors_with_self
            self.assistant.display = not is_narrow or (in_use and self.assistant.display)
        self.call_after_refresh(self.share_room)

    def share_room(self) -> None:
        """Let the assistant take the editor's place where both do not fit."""
        self.query_one("#middle").display = not (self.is_narrow and self.assistant.display)

    def give_room(self) -> None:
        """The editor is wanted: the assistant makes room for it where both do not fit."""
        if self.is_narrow:
            self.assistant.display = False
        self.share_room()

    def toggle(self, pane: str) -> None:
        """Show a pane, or hide it."""
        widget = self.query_one(f"#{pane}")
        focused = self.focused
        widget.display = not widget.display
        self.share_room()
        if not widget.display and focused is not None and widget in focused.ancestors_with_self:
            self.call_after_refresh(self.editors.focus_text)

    def notice(self, words: str, severity: str = "information") -> None:
        """Say something in passing."""
        level = {"error": "error", "warning": "warning"}.get(severity, "information")
        self.notify(words, severity=level, markup=False)  # type: ignore[arg-type]

    def chosen_node(self) -> Node | None:
        """The round under the cursor in the rounds panel."""
        from llm4cov_assist.tui.widgets.rounds_panel import RoundsTree

        cursor = self.query_one(RoundsTree).cursor_node
        return cursor.data if cursor is not None else None

    def soon(self, action: str) -> None:
        """Carry out an action of this screen after what is under way."""
        self.call_later(partial(self.run_action, action))
