"""Commands that read and write files: testbenches, exports, reports, examples."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work

from llm4cov_assist.tui import examples
from llm4cov_assist.tui.messages import Edited, OpenFolder
from llm4cov_assist.tui.screens.ask import AskScreen
from llm4cov_assist.tui.screens.choose import Choice, ChooseScreen
from llm4cov_assist.tui.screens.viewing import ViewingScreen
from llm4cov_assist.tui.widgets.editor_tabs import TESTBENCH
from llm4cov_engine import (
    ExportFormat,
    ExportRequest,
    Llm4CovError,
    export_sessions,
    in_thread,
    load_testbench,
    report,
    rtl_files,
    write_text,
)

if TYPE_CHECKING:
    from llm4cov_engine import Workbench

_FORMATS = {
    ExportFormat.TRANSITIONS: "everything that is known of each round",
    ExportFormat.MESSAGES: "chat messages",
    ExportFormat.LLM4COV: "the paper's own row",
    ExportFormat.TRL: "prompt and completion",
    ExportFormat.SHAREGPT: "turns between human and gpt",
    ExportFormat.ALPACA: "instruction, input, output",
    ExportFormat.DPO: "pairs of a better and a worse testbench",
}


class FilingScreen(ViewingScreen):
    """What comes from files and goes into files."""

    def _demand_design(self) -> Workbench | None:
        if self.desk.workbench is None:
            self.notice("There is no design yet: choose a module under Modules.", "warning")
        return self.desk.workbench

    # The testbench.

    @work
    async def action_open_testbench(self) -> None:
        """Put a file into the testbench editor."""
        folder, design = self.desk.request.folder or self.desk.root, self.desk.design
        if folder is None:
            return
        own = {file.name for file in (*design.sources, *design.headers)} if design else set()
        names = [name for name in await in_thread(lambda: rtl_files(folder)) if name not in own]
        choices = [Choice(name, "", name) for name in names]
        name = await self.app.push_screen_wait(ChooseScreen("Edit which testbench", choices))
        if name is None:
            return
        try:
            testbench = await in_thread(lambda: load_testbench(folder / name))
        except Llm4CovError as error:
            self.notice(str(error), "error")
            return
        editor = self.editors.testbench
        editor.load(testbench.name, testbench.text, base=editor.base)
        editor.path, editor.saved = str(folder / name), testbench.text
        self.editors.tabs.active = TESTBENCH
        self.editors.focus_text()

    def action_save(self) -> None:
        """Write the testbench to its file."""
        editor = self.editors.testbench
        if editor.path:
            self._write(Path(editor.path))
        else:
            self.action_save_as()

    @work
    async def action_save_as(self) -> None:
        """Write the testbench to another file."""
        editor = self.editors.testbench
        folder = self.desk.root or Path.cwd()
        given = editor.path or str(folder / editor.file)
        warned_of = ""

        def objection(text: str) -> str:
            nonlocal warned_of
            path = _path(text)
            if not text or path.is_dir() or path.suffix not in (".sv", ".v"):
                return "The name of a file that ends in .sv or .v."
            if path.exists() and str(path) != editor.path and text != warned_of:
                warned_of = text
                return f"{path.name} is there already; Enter again overwrites it."
            return ""

        answer = await self.app.push_screen_wait(
            AskScreen("Save the testbench", "To which file?", given, objection)
        )
        if answer:
            self._write(_path(answer))

    @work(group="save")
    async def _write(self, path: Path) -> None:
        editor = self.editors.testbench
        text = editor.text
        try:
            await in_thread(lambda: write_text(path, text))
        except Llm4CovError as error:
            self.notice(str(error), "error")
            return
        editor.path, editor.saved = str(path), text
        self.notice(f"Saved {path.name}.")
        self.soon("edited")

    def action_edited(self) -> None:
        """What depends on whether the testbench is saved is shown anew."""
        self.post_message(Edited(self.editors.testbench.file))

    def action_revert(self) -> None:
        """Drop the edits and load what the present state holds."""
        testbench = self.desk.workbench.state.testbench if self.desk.workbench else None
        if testbench is not None:
            self.editors.testbench.load(testbench.name, testbench.text)

    # What is taken along.

    @work
    async def action_export(self) -> None:
        """Write the session's rounds as training data."""
        bench = self._demand_design()
        if bench is None:
            return
        if bench.session is None:
            self.notice("There is no round to export yet.")
            return
        session = bench.session.id
        choices = [Choice(kind.value, words, kind.value) for kind, words in _FORMATS.items()]
        kind = await self.app.push_screen_wait(ChooseScreen("Export as", choices))
        if kind is None:
            return
        given = str((self.desk.root or Path.cwd()) / "dataset")
        answer = await self.app.push_screen_wait(
            AskScreen(
                "Export the session", "Into which folder?", given, lambda text: "" if text else "A folder."
            )
        )
        if not answer:
            return
        request = ExportRequest((ExportFormat(kind),), (session,))
        folder = _path(answer)
        try:
            done = await in_thread(lambda: export_sessions([bench.store], request, folder))
        except Llm4CovError as error:
            self.notice(str(error), "error")
            return
        rows = sum(done.rows.values())
        self.assistant.say("note", f"Exported {rows} rows as {kind} to {done.folder}.")
        self.notice(f"Exported {rows} rows.")

    @work
    async def action_html(self) -> None:
        """Write the HTML report and open it."""
        bench = self._demand_design()
        if bench is None:
            return
        state = bench.state
        if state.feedback is None or state.feedback.coverage is None:
            self.notice("Nothing was measured yet.")
            return
        path = bench.store.path.parent / f"{bench.design.top}.html"
        try:
            await in_thread(lambda: report.write_report(state, report.ReportFormat.HTML, path))
        except Llm4CovError as error:
            self.notice(str(error), "error")
            return
        self.assistant.say("note", f"The report is in {path}.")
        # Without a display, a browser would take the terminal for its own.
        if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
            self.app.open_url(path.as_uri())

    # Examples.

    @work
    async def open_example(self) -> None:
        """Copy an example that the person chooses, and open the copy."""
        found = await in_thread(examples.there)
        if not found:
            self.notice("The examples lie in the folder `examples` of the source repository.", "warning")
            return
        choices = [Choice(each.title, each.folder.name, str(each.folder)) for each in found]
        chosen = await self.app.push_screen_wait(ChooseScreen("Open which example", choices))
        if chosen is None:
            return
        try:
            copy = await in_thread(partial(examples.copied, Path(chosen), Path.cwd()))
        except OSError as error:
            self.notice(f"The example cannot be copied to this folder: {error.strerror}.", "error")
            return
        self.notice(f"Copied to {copy.name}, yours to change.")
        self.post_message(OpenFolder(copy))


def _path(text: str) -> Path:
    return Path(text).expanduser()
