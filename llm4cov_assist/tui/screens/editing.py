"""The testbench that a person edits: checked when typing rests, and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from llm4cov_assist.tui.drafts import Draft, Drafts
from llm4cov_assist.tui.messages import Checked, Edited
from llm4cov_assist.tui.screens.working import WorkingScreen
from llm4cov_engine import Llm4CovError, check_testbench, in_thread

if TYPE_CHECKING:
    from llm4cov_assist.tui.desk import Request
    from llm4cov_engine import Workbench


class EditingScreen(WorkingScreen):
    """What is done with a text while it is edited."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self._drafts: Drafts | None = None

    async def load_testbench(self, bench: Workbench) -> bool:
        """Put what a design's state holds into the editor, or what was typed and not saved; which it was."""
        self._drafts = Drafts.of(bench)
        held = bench.state.testbench
        name, text = (held.name, held.text) if held is not None else (f"{bench.design.top}_tb.sv", "")
        draft = await in_thread(self._drafts.found)
        editor = self.editors.testbench
        if draft is None or draft.text == text:
            editor.load(name, text)
            return False
        editor.load(draft.name, draft.text, base=text)
        editor.path = draft.path
        self.assistant.say("note", "Your unsaved edits of the testbench are back; F5 runs them.")
        return True

    def on_edited(self, event: Edited) -> None:
        """The testbench's text rested: check it and keep it."""
        self.name_testbench()
        self._keep_draft()
        self._check(event.name)

    @work(exclusive=True, group="check")
    async def _check(self, name: str) -> None:
        design, text = self.desk.design, self.editors.testbench.text
        if design is None or not text.strip():
            self.post_message(Checked(name, ()))
            return
        try:
            found = await in_thread(lambda: check_testbench(design, name, text))
        except Llm4CovError as error:
            found = ()
            self.panel.write(f"note: {error}")
        self.post_message(Checked(name, found))

    def on_checked(self, event: Checked) -> None:
        """Live problems."""
        own = [each for each in event.problems if each.span is None or each.span.file == event.name]
        self.editors.testbench.show_problems(own)
        self.panel.show_problems("editor", event.problems)

    @work(exclusive=True, group="draft")
    async def _keep_draft(self) -> None:
        await self.write_draft()

    async def write_draft(self) -> None:
        """Keep what was typed and not saved, or forget what was."""
        editor, drafts = self.editors.testbench, self._drafts
        if drafts is None:
            return
        if editor.is_unsaved:
            draft = Draft(editor.file, editor.text, editor.base, editor.path)
            await in_thread(lambda: drafts.keep(draft))
        else:
            await in_thread(drafts.forget)

    def name_testbench(self) -> None:
        """Mark the testbench's tab where there is something to save."""
        editor = self.editors.testbench
        self.editors.name_testbench(f"{editor.file}{' ●' if editor.is_unsaved else ''}")
