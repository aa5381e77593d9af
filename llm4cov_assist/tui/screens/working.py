"""Commands that work: run, close, stop, review, branch, compare, waive, switch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual import work

from llm4cov_assist.tui.messages import (
    AimAt,
    BranchFrom,
    CloseQueue,
    CompareAsked,
    Instructed,
    WaiveAsked,
    WorkOn,
)
from llm4cov_assist.tui.score import shown
from llm4cov_assist.tui.screens.ask import AskScreen
from llm4cov_assist.tui.screens.choose import Choice, ChooseScreen
from llm4cov_assist.tui.screens.filing import FilingScreen
from llm4cov_assist.tui.screens.policy import PolicyChoice, PolicyScreen
from llm4cov_assist.tui.widgets.comparison_view import ComparisonView
from llm4cov_assist.tui.widgets.holes_panel import HolesTable
from llm4cov_assist.tui.widgets.modules import ModulesTable
from llm4cov_assist.tui.widgets.review_pane import ReviewPane
from llm4cov_engine import (
    NO_GUIDANCE,
    Guidance,
    Llm4CovError,
    Status,
    Testbench,
    in_thread,
)

if TYPE_CHECKING:
    from llm4cov_engine import Hole


class WorkingScreen(FilingScreen):
    """What a person asks of the engine."""

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

    def close_coverage(self, rounds: int | None, guidance: Guidance = NO_GUIDANCE) -> None:
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

    def _person_says(self, text: str) -> None:
        self.assistant.say("person", text)
        if self.desk.workbench is not None:
            self.desk.talk.say(self.desk.workbench, text)

    def on_instructed(self, event: Instructed) -> None:
        """A person says what the next rounds should exercise."""
        self._person_says(event.text)
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
        self._person_says("Close " + ", ".join(_named(hole) for hole in event.holes))
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

    # Policy.

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
            self.open_example()

    async def action_leave(self) -> None:
        """Quit; what was finished and what was typed is kept."""
        await self.flush()
        self.app.exit()

    async def flush(self) -> None:
        """End what runs."""
        await self.desk.end()


def _named(hole: Hole) -> str:
    return f"{hole.metric.value.replace('_', ' ')} {hole.what} at {hole.file}:{hole.line}"
