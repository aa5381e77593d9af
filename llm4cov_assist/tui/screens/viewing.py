"""Commands that look and go: views, panels, files, find, help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work
from textual.widget import Widget
from textual.widgets import TabbedContent

from llm4cov_assist.tui.messages import OpenFile
from llm4cov_assist.tui.preferences import Preferences
from llm4cov_assist.tui.score import shown
from llm4cov_assist.tui.screens.ask import AskScreen
from llm4cov_assist.tui.screens.choose import Choice, ChooseScreen
from llm4cov_assist.tui.screens.help import HelpScreen, about_of
from llm4cov_assist.tui.screens.jump import JumpScreen
from llm4cov_assist.tui.screens.shell import ShellScreen
from llm4cov_assist.tui.themes import DARK, LIGHT
from llm4cov_assist.tui.widgets.find_bar import FindBar, find
from llm4cov_assist.tui.widgets.rtl_view import RtlView
from llm4cov_assist.tui.widgets.unseen import is_in_sight
from llm4cov_engine import Llm4CovError, in_thread, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.geometry import Offset

    from llm4cov_assist.tui.standing import Share

_JUMPS = {
    "f": ("#explorer-tabs", "files"),
    "h": ("#explorer-tabs", "hierarchy"),
    "m": ("#explorer-tabs", "modules"),
    "o": ("#panel-tabs", "holes"),
    "p": ("#panel-tabs", "problems"),
    "l": ("#panel-tabs", "log"),
    "r": ("#panel-tabs", "rounds"),
}
"""Letters of jump mode for tabs: the tabs' own id, and the tab's."""

_JUMPS_TO_WIDGETS = {"e": "#editor-tabs", "c": "#conversation", "w": "#composer"}


class ViewingScreen(ShellScreen):
    """What can be looked at, and how to get there."""

    def action_sidebar(self) -> None:
        """Sidebar on or off."""
        self.toggle("explorer")

    def action_panel(self) -> None:
        """Panel on or off."""
        self.toggle("panel")

    def action_assistant(self) -> None:
        """Assistant on or off."""
        self.toggle("assistant")

    def action_ask(self) -> None:
        """Write to the assistant."""
        self.assistant.display = True
        self.share_room()
        self.assistant.ask()

    def action_show_view(self, view: str) -> None:
        """Show files, hierarchy or modules."""
        self.explorer.display = True
        self.explorer.turn_to(view)

    def action_show_panel(self, pane: str) -> None:
        """Show holes, problems, log or rounds."""
        self.give_room()
        self.panel.display = True
        self.panel.turn_to(pane)

    async def action_theme(self) -> None:
        """Light or dark, from now on."""
        self.app.theme = LIGHT if self.app.current_theme.dark else DARK
        await in_thread(Preferences(self.app.theme).keep)

    def action_tab(self, step: int) -> None:
        """The next tab, or the one before."""
        self.give_room()
        self.editors.step(step)

    async def action_close_tab(self) -> None:
        """Close the tab that is shown."""
        await self.editors.close_active()
        self.editors.focus_text()

    def action_find(self) -> None:
        """Find in the active tab."""
        self.give_room()
        self.editors.find()

    def action_find_next(self) -> None:
        """The next place of what was looked for."""
        self._find_again(1)

    def action_find_previous(self) -> None:
        """The place before."""
        self._find_again(-1)

    def _find_again(self, step: int) -> None:
        text = self.editors.query_one(FindBar).text
        if not text:
            self.action_find()
        elif self.editors.area is not None:
            find(self.editors.area, text, step)

    @work
    async def action_go_to_line(self) -> None:
        """Go to a line of the active tab."""
        area = self.editors.area
        if area is None:
            return
        last = area.document.line_count

        def objection(text: str) -> str:
            return "" if text.isdecimal() and 1 <= int(text) <= last else f"A number from 1 to {last}."

        answer = await self.app.push_screen_wait(AskScreen("Go to line", f"1 to {last}", "", objection))
        if answer:
            area.go_to(int(answer))
            area.focus()

    def action_next_hole(self, step: int) -> None:
        """The next line of the active tab that was missed, or has a problem."""
        area = self.editors.area
        if area is None:
            return
        line = area.cursor_location[0] + 1
        view = self.editors.rtl
        found = view.holes_after(line, step) if view is not None else self._problem_after(line, step)
        if found:
            area.go_to(found)
            area.focus()
        else:
            self.notice("Nothing more to see to in this direction.")

    def _problem_after(self, line: int, step: int) -> int:
        lines = sorted(self.editors.testbench.problem_lines)
        found = [each for each in lines if (each > line if step > 0 else each < line)]
        return 0 if not found else found[0] if step > 0 else found[-1]

    def action_keys(self) -> None:
        """Help for the focused pane."""
        focused = self.focused
        inner = focused.ancestors_with_self if focused is not None else ()
        keys = [
            (self.app.get_key_display(each), each.description)
            for node in inner
            if isinstance(node, Widget) and node is not self
            for bound in node._bindings.key_to_bindings.values()
            for each in bound
            if each.show and each.description
        ]
        self.app.push_screen(HelpScreen(about_of(focused), keys))

    @work
    async def action_jump(self) -> None:
        """Jump to a pane by its letter."""
        wanted: dict[str, Widget] = {
            letter: self.query_one(tabs, TabbedContent).get_tab(pane)
            for letter, (tabs, pane) in _JUMPS.items()
        }
        wanted |= {letter: self.query_one(name) for letter, name in _JUMPS_TO_WIDGETS.items()}
        places: dict[str, Offset] = {
            letter: widget.region.offset for letter, widget in wanted.items() if _can_jump_to(widget)
        }
        chosen = await self.app.push_screen_wait(JumpScreen(places))
        if chosen == "e":
            self.editors.focus_text()
        elif chosen in _JUMPS_TO_WIDGETS:
            wanted[chosen].focus()
        elif chosen:
            tabs, pane = _JUMPS[chosen]
            if tabs == "#panel-tabs":
                self.panel.turn_to(pane)
            else:
                self.explorer.turn_to(pane)

    def action_files(self) -> None:
        """Find a file by a part of its name."""
        shares: Mapping[str, Share] = self.standing.files if self.standing else {}

        def about(name: str) -> str:
            share = shares.get(name)
            return f"{shown(share.score)} %" if share is not None and share.score is not None else ""

        choices = [Choice(name, about(name), name) for name in self.file_names()]

        def opened(name: str | None) -> None:
            if name is not None:
                self.post_message(OpenFile(name))

        # Pushed at once: who knows the key types on without looking.
        self.app.push_screen(ChooseScreen("Go to file", choices, placeholder="a part of its name"), opened)

    def file_names(self) -> list[str]:
        """Files that can be shown: of the design and of the repository."""
        design = self.desk.design
        own = [each.name for each in (*design.sources, *design.headers, *design.specs)] if design else []
        return list(dict.fromkeys([*own, *self.desk.files]))

    async def on_open_file(self, event: OpenFile) -> None:
        """Show a file, at a line."""
        self.give_room()
        testbench = self.editors.testbench
        design = self.desk.design
        own = {each.name for each in (*design.sources, *design.headers)} if design else set()
        if event.name == testbench.file and event.name not in own:
            self.editors.tabs.active = "testbench"
            if event.line:
                testbench.area.go_to(event.line, event.column)
            self.editors.focus_text()
            return
        try:
            text = await self._text_of(event.name)
        except Llm4CovError as error:
            self.notice(str(error), "error")
            return
        view = RtlView(event.name, text)
        is_new = self.editors.pane_of(event.name) is None
        await self.editors.open(event.name, event.name.rpartition("/")[2], view)
        shown_view = self.editors.rtl
        if shown_view is None or shown_view.file != event.name:
            return
        if event.line:
            shown_view.area.go_to(event.line, event.column)
        # Now, not after the marks: a person may have gone elsewhere by then.
        self.editors.focus_text()
        if is_new and (standing := self.standing) is not None:
            found = await in_thread(lambda: standing.marks_of(event.name))
            shown_view.show(standing, found)

    async def _text_of(self, name: str) -> str:
        design, root = self.desk.design, self.desk.root
        for file in (*design.sources, *design.headers, *design.specs, *design.data) if design else ():
            if file.name == name:
                return file.text
        if root is None:
            return ""
        return await in_thread(lambda: read_text(root / name))


def _can_jump_to(widget: Widget) -> bool:
    return bool(widget.region.area) and is_in_sight(widget)
