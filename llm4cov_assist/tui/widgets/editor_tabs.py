"""The tabs in the middle: RTL, the testbench, older rounds, a proposal in review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import TabbedContent, TabPane

from llm4cov_assist.tui.drawing import relabel
from llm4cov_assist.tui.widgets.find_bar import FindBar, find
from llm4cov_assist.tui.widgets.rtl_view import RtlView
from llm4cov_assist.tui.widgets.source_area import SourceArea
from llm4cov_assist.tui.widgets.testbench_editor import TestbenchEditor

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

    from llm4cov_assist.tui.standing import Standing

TESTBENCH = "testbench"
REVIEW = "review"
_MOST = 24
"""Tabs of files that stay open; the one opened first goes when one more comes."""


class EditorTabs(Vertical):
    """Tabs; the testbench's cannot be closed."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._panes: dict[str, str] = {}
        self._count = 0

    def compose(self) -> ComposeResult:
        """The find bar, hidden, and the tabs."""
        yield FindBar(id="find-bar")
        with TabbedContent(id="editor-tabs"), TabPane("testbench", id=TESTBENCH):
            yield TestbenchEditor(id="testbench-editor")

    @property
    def tabs(self) -> TabbedContent:
        """The tabs."""
        return self.query_one("#editor-tabs", TabbedContent)

    @property
    def testbench(self) -> TestbenchEditor:
        """The editor of the testbench."""
        return self.query_one(TestbenchEditor)

    @property
    def area(self) -> SourceArea | None:
        """The text of the active tab; None for one without."""
        pane = self.tabs.active_pane
        found = pane.query(SourceArea) if pane is not None else None
        return found.first() if found else None

    @property
    def rtl(self) -> RtlView | None:
        """The RTL file of the active tab; None for another tab."""
        pane = self.tabs.active_pane
        found = pane.query(RtlView) if pane is not None else None
        return found.first() if found else None

    def pane_of(self, key: str) -> str | None:
        """Id of the tab that holds something; None when it is not open."""
        return self._panes.get(key)

    async def open(self, key: str, title: str, content: Widget, *, tab: str = "") -> None:
        """Open a tab for something, or turn to the one it has."""
        if (pane := self._panes.get(key)) is not None:
            self.tabs.active = pane
            return
        self._count += 1
        pane = tab or f"tab-{self._count}"
        self._panes[key] = pane
        await self.tabs.add_pane(TabPane(Content(title), content, id=pane))
        self.tabs.active = pane
        if len(self._panes) > _MOST:
            await self.close(next(iter(self._panes)))

    async def close(self, key: str) -> None:
        """Close the tab of something."""
        if (pane := self._panes.pop(key, None)) is not None:
            await self.tabs.remove_pane(pane)

    async def close_active(self) -> None:
        """Close the tab that is shown, unless it is the testbench's or a review's."""
        active = self.tabs.active
        for key, pane in tuple(self._panes.items()):
            if pane == active and pane != REVIEW:
                await self.close(key)

    def step(self, by: int) -> None:
        """Turn to the next tab, or the one before."""
        panes = [pane.id for pane in self.tabs.query(TabPane) if pane.id]
        if self.tabs.active in panes:
            self.tabs.active = panes[(panes.index(self.tabs.active) + by) % len(panes)]
            self.focus_text()

    def focus_text(self) -> None:
        """Give the active tab's text the keys, those that were pressed already among them."""
        if self.area is not None:
            self.screen.set_focus(self.area)

    def show(self, standing: Standing) -> None:
        """Show coverage in every RTL file that is open."""
        for view in self.query(RtlView):
            view.show(standing, standing.marks_of(view.file))

    def name_testbench(self, title: str) -> None:
        """Name the testbench's tab."""
        relabel(self.tabs.get_tab(TESTBENCH), title)

    def find(self) -> None:
        """Open the find bar."""
        if self.area is not None:
            self.query_one(FindBar).open(self.area.selected_text)

    @on(FindBar.Wanted)
    def _find(self, event: FindBar.Wanted) -> None:
        event.stop()
        if self.area is not None:
            which, count = find(self.area, event.text, event.step)
            said = f"{which} of {count}" if count else "nothing found" if event.text else ""
            self.query_one(FindBar).tell(said)

    @on(FindBar.Left)
    def _left(self, event: FindBar.Left) -> None:
        event.stop()
        self.focus_text()

    @on(TabbedContent.TabActivated, "#editor-tabs")
    def _turned(self, event: TabbedContent.TabActivated) -> None:
        event.stop()
