"""Commands that work: run, close, stop, review, save, branch, compare, waive, switch, export."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work

from llm4cov_assist.tui import examples
from llm4cov_assist.tui.messages import (
    AimAt,
    BranchFrom,
    CloseQueue,
    CompareAsked,
    Instructed,
    OpenFolder,
    WaiveAsked,
    WorkOn,
)
from llm4cov_assist.tui.score import shown
from llm4cov_assist.tui.screens.ask import AskScreen
from llm4cov_assist.tui.screens.choose import Choice, ChooseScreen
from llm4cov_assist.tui.screens.policy import PolicyChoice, PolicyScreen
from llm4cov_assist.tui.screens.viewing import ViewingScreen
from llm4cov_assist.tui.widgets.comparison_view import ComparisonView
from llm4cov_assist.tui.widgets.editor_tabs import TESTBENCH
from llm4cov_assist.tui.widgets.holes_panel import HolesTable
from llm4cov_assist.tui.widgets.modules import ModulesTable
from llm4cov_assist.tui.widgets.review_pane import ReviewPane
from llm4cov_engine import (
    ExportFormat,
    ExportRequest,
    Guidance,
    Llm4CovError,
    Status,
    Testbench,
    export_sessions,
    in_thread,
    load_testbench,
    report,
    rtl_files,
    write_text,
)

if TYPE_CHECKING:
    from llm4cov_engine import Hole, Workbench


class WorkingScreen(ViewingScreen):
    """What a person asks of the engine."""

    def _demand_design(self) -> Workbench | None:
        if self.desk.workbench is None:
            self.notice("There is no design yet: choose a module under Modules.", "warning")
        return self.desk.workbench

    def _began(self, has_begun: bool) -> None:
        if not has_begun and self.desk.workbench is not None:
            self.notice("Something else is running; F9 stops it.", "warning")

    # Rounds.

    async def action_run(self) -> None:
        """Simulate the testbench as it stands."""
        if self.desk.is_asking:
            await self.action_accept()
            return
        bench, editor = self._demand_design(), self.editors.testbench
        if bench is None:
            return
        if not editor.text.strip():
            self.notice("There is no testbench yet: F7 lets the policy write one.", "warning")
            return
        self._began(self.desk.run(Testbench(editor.file, editor.text)))

    def action_close(self) -> None:
        """Coverage-closing rounds, as many as the settings say."""
        self.close_coverage(None)

    def close_coverage(self, rounds: int | None, guidance: Guidance = Guidance()) -> None:  # noqa: B008
        """Coverage-closing rounds, if there is anything to do."""
        bench = self._demand_design()
        if bench is None:
            return
        if bench.state.is_closed:
            self.notice("Nothing is left to do: every target is met.")
            return
        if self.editors.testbench.is_edited:
            self.notice("Your edits are not part of these rounds; F5 runs them first.", "warning")
        self._began(self.desk.close(rounds=rounds, guidance=guidance))

    @work
    async def action_close_rounds(self) -> None:
        """Coverage-closing rounds, as many as the person says."""
        bench = self._demand_design()
        if bench is None:
            return

        def objection(text: str) -> str:
            return "" if text.isdecimal() and 1 <= int(text) <= 1000 else "A number from 1 to 1000."

        screen = AskScreen(
            "Close coverage", "For how many rounds?", str(bench.settings.policy.rounds), objection
        )
        answer = await self.app.push_screen_wait(screen)
        if answer:
            self.close_coverage(int(answer))

    def action_pause(self) -> None:
        """Hold up the next round, or let it go on."""
        bench = self.desk.workbench
        if bench is None or not self.desk.is_busy:
            self.notice("Nothing is running.")
        elif bench.is_paused:
            bench.resume()
            self.status.paused = False
        else:
            bench.pause()
            self.status.paused = True

    def action_stop(self) -> None:
        """End what runs."""
        if not self.desk.is_busy:
            self.notice("Nothing is running.")
            return
        self.status.stage = "stopping"
        self.desk.stop()

    def action_repair(self) -> None:
        """One round that mends what does not compile or run."""
        bench = self._demand_design()
        if bench is None:
            return
        feedback = bench.state.feedback
        if feedback is None or feedback.status is Status.SUCCESS:
            self.notice("The measured testbench runs. F5 measures the one in the editor.")
            return
        self.close_coverage(1, Guidance("Repair the testbench: make it compile and run to its end."))

    def action_toggle_review(self) -> None:
        """Automatic rounds, or a review of each."""
        self.desk.automatic = self.status.automatic = not self.desk.automatic
        self.notice(
            "Rounds go on by themselves." if self.desk.automatic else "Every proposal waits for your review."
        )

    def on_instructed(self, event: Instructed) -> None:
        """A person says what the next rounds should exercise."""
        self.assistant.say("person", event.text)
        bench = self._demand_design()
        if bench is None:
            return
        if bench.settings.policy.name in (None, "builtin") and not bench.settings.policy.model:
            self.assistant.say(
                "note", "The built-in policy reads no words; Ctrl+N chooses a model that does."
            )
        self.close_coverage(None, Guidance(event.text))

    def on_aim_at(self, event: AimAt) -> None:
        """A person wants exactly these holes closed."""
        self.assistant.say("person", "Close " + ", ".join(_named(hole) for hole in event.holes))
        self.close_coverage(None, Guidance(holes=event.holes))

    def action_aim(self) -> None:
        """Close the hole under the cursor."""
        self.query_one(HolesTable).action_aim()

    def action_waive(self) -> None:
        """Waive the hole under the cursor."""
        self.query_one(HolesTable).action_waive()

    def action_branch(self) -> None:
        """Start later rounds from the round under the cursor."""
        node = self.chosen_node()
        if node is None:
            self.action_show_panel("rounds")
        else:
            self.post_message(BranchFrom(node))

    @work
    async def on_waive_asked(self, event: WaiveAsked) -> None:
        """Ask for the reason, then waive."""
        screen = AskScreen(
            f"Waive {_named(event.hole)}",
            "Why may it stay uncovered? The reason goes into the waivers file and into every report.",
            objection=lambda text: "" if text else "A waiver needs a reason.",
        )
        reason = await self.app.push_screen_wait(screen)
        if reason:
            self._began(self.desk.waive(event.hole, reason))

    def on_branch_from(self, event: BranchFrom) -> None:
        """Later rounds start from there."""
        if self.desk.branch(event.node):
            self.assistant.say("note", f"The next round starts from round {event.node.number}.")
        else:
            self._began(False)

    async def on_compare_asked(self, event: CompareAsked) -> None:
        """Show what each of two rounds hit that the other did not."""
        bench, first, second = self.desk.workbench, event.first, event.second
        if bench is None:
            return
        try:
            found = await in_thread(lambda: bench.compare(first, second))
        except Llm4CovError as error:
            self.notice(str(error), "error")
            return
        self.give_room()
        session = bench.session.id if bench.session else ""
        await self.editors.open(
            f"{session}#{first.number}-{second.number}",
            f"#{first.number} and #{second.number}",
            ComparisonView(first, second, found),
        )

    @work
    async def action_compare(self) -> None:
        """Choose two rounds and compare them."""
        nodes = self.standing.nodes[1:] if self.standing else ()
        if len(nodes) < 2:
            self.notice("There are no two rounds to compare yet.")
            return
        chosen = []
        for title in ("Compare which round", "with which other"):
            choices = [
                Choice(
                    f"#{node.number} {node.author or 'file'} {shown(node.score)} %",
                    node.note,
                    str(node.number),
                )
                for node in reversed(nodes)
                if node not in chosen
            ]
            answer = await self.app.push_screen_wait(ChooseScreen(title, choices))
            if answer is None:
                return
            chosen.append(nodes[int(answer) - 1])
        self.post_message(CompareAsked(chosen[0], chosen[1]))

    def action_new_session(self) -> None:
        """Begin again from nothing."""
        if self._demand_design() is not None:
            self._began(self.desk.new_session())

    def action_reload(self) -> None:
        """Read the design again."""
        if self.desk.workbench is None:
            self.run_worker(self.desk.open())
        else:
            self._began(self.desk.reload())

    # Modules.

    @work
    async def on_work_on(self, event: WorkOn) -> None:
        """Another module becomes the DUT."""
        if self.desk.is_busy:
            self._began(False)
            return
        self.desk.start(f"opening {event.candidate.module}", lambda: self.desk.open(event.candidate.module))

    def on_close_queue(self, event: CloseQueue) -> None:
        """Close the queue's modules one after another."""
        if not event.candidates:
            self.notice("The queue is empty: Space puts a module into it.")
            return
        if not self.desk.automatic:
            self.action_toggle_review()
        self._began(self.desk.close_queue(event.candidates, self.query_one(ModulesTable).take_off))

    # Review.

    async def action_accept(self) -> None:
        """Simulate the proposal."""
        for pane in self.query(ReviewPane):
            pane.action_accept()

    async def action_edit_proposal(self) -> None:
        """Change the proposal first."""
        for pane in self.query(ReviewPane):
            await pane.action_edit()

    async def action_reject(self) -> None:
        """Let the proposal count for nothing."""
        for pane in self.query(ReviewPane):
            pane.action_reject()

    # Files.

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

        def objection(text: str) -> str:
            path = Path(text).expanduser()
            if not text or path.is_dir() or path.suffix not in (".sv", ".v"):
                return "The name of a file that ends in .sv or .v."
            if path.exists() and str(path) != editor.path and text != overwritten.get("asked"):
                overwritten["asked"] = text
                return f"{path.name} is there already; Enter again overwrites it."
            return ""

        overwritten: dict[str, str] = {}
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
        from llm4cov_assist.tui.messages import Edited

        self.post_message(Edited(self.editors.testbench.file))

    def action_revert(self) -> None:
        """Drop the edits and load what the present state holds."""
        testbench = self.desk.workbench.state.testbench if self.desk.workbench else None
        if testbench is not None:
            self.editors.testbench.load(testbench.name, testbench.text)

    # Policy, export, report.

    @work
    async def action_switch_policy(self) -> None:
        """Choose who proposes."""
        bench = self._demand_design()
        if bench is None:
            return
        now = bench.settings.policy
        name = now.name or ("chat" if now.model else "builtin")
        chosen = await self.app.push_screen_wait(PolicyScreen(PolicyChoice(name, now.model, now.base_url)))
        if chosen is None:
            return
        try:
            bench.switch(policy=chosen.policy, model=chosen.model, base_url=chosen.base_url)
        except Llm4CovError as error:
            self.notice(str(error), "error")
            return
        self.tell_policy()

    def tell_policy(self) -> None:
        """Show who proposes."""
        if self.desk.workbench is None:
            return
        try:
            words = self.desk.workbench.project.policy_in_words
            name, colon, path = words.partition(":")
            self.status.policy = f"{name} {Path(path).name}" if colon and name == "script" else words
        except Llm4CovError as error:
            self.status.policy = "no policy"
            self.notice(str(error), "error")

    @work
    async def action_export(self) -> None:
        """Write the session's rounds as training data."""
        bench = self._demand_design()
        if bench is None or bench.session is None:
            self.notice("There is no round to export yet.")
            return
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
        request = ExportRequest((ExportFormat(kind),), (bench.session.id,))
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

    def start_in_way(self, way: str | None) -> None:
        """Begin in one of the ways of the first-run screen."""
        if way == "builtin":
            if self.desk.workbench is not None:
                self.desk.workbench.switch(policy="builtin")
                self.tell_policy()
                self.action_close()
        elif way == "model":
            self.action_switch_policy()
        elif way == "example":
            self._open_example()

    @work
    async def _open_example(self) -> None:
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

    async def action_leave(self) -> None:
        """Quit; what was finished and what was typed is kept."""
        await self.flush()
        self.app.exit()

    async def flush(self) -> None:
        """End what runs."""
        await self.desk.end()


def _path(text: str) -> Path:
    return Path(text).expanduser()


_FORMATS = {
    ExportFormat.TRANSITIONS: "everything that is known of each round",
    ExportFormat.MESSAGES: "chat messages",
    ExportFormat.LLM4COV: "the paper's own row",
    ExportFormat.TRL: "prompt and completion",
    ExportFormat.SHAREGPT: "turns between human and gpt",
    ExportFormat.ALPACA: "instruction, input, output",
    ExportFormat.DPO: "pairs of a better and a worse testbench",
}


def _named(hole: Hole) -> str:
    return f"{hole.metric.value.replace('_', ' ')} {hole.what} at {hole.file}:{hole.line}"
