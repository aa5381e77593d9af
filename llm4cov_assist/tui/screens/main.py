"""The main screen: work, and what its messages change in the panes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import work

from llm4cov_assist.tui.commands import bindings
from llm4cov_assist.tui.garbage import settle
from llm4cov_assist.tui.score import shown
from llm4cov_assist.tui.screens.editing import EditingScreen
from llm4cov_assist.tui.screens.welcome import WelcomeScreen
from llm4cov_assist.tui.widgets.editor_tabs import REVIEW, TESTBENCH
from llm4cov_assist.tui.widgets.file_tree import FileTree
from llm4cov_assist.tui.widgets.hierarchy import HierarchyTree
from llm4cov_assist.tui.widgets.modules import ModulesTable
from llm4cov_assist.tui.widgets.review_pane import ReviewPane
from llm4cov_assist.tui.widgets.rtl_view import RtlView
from llm4cov_assist.tui.widgets.source_area import SourceArea
from llm4cov_engine import Llm4CovError, Problem, Severity, events, in_thread

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.timer import Timer

    from llm4cov_assist.tui.desk import Request
    from llm4cov_assist.tui.messages import (
        Begun,
        Ended,
        Found,
        Happened,
        Opened,
        OpenNode,
        ReviewAsked,
        Reviewed,
        Stood,
    )
    from llm4cov_assist.tui.standing import Standing
    from llm4cov_engine import Feedback


_REST_SECONDS = 1.0
"""Without a key: a moment in which a person does not wait for the screen."""


class MainScreen(EditingScreen):
    """What the engine tells becomes what a person sees."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

    def __init__(self, request: Request, *, welcome: bool = True) -> None:
        super().__init__(request)
        self._welcomed = not welcome
        self._flushed = False
        self._settling: Timer | None = None

    async def on_mount(self) -> None:
        """Open the design; the repository's files and modules come in while it loads."""
        self.status.design = "opening ..."
        self.run_worker(self._open_all(), name="open")

    async def _open_all(self) -> None:
        await self.desk.open()
        await self.desk.survey()
        if self.desk.workbench is None and not self.desk.files:
            self.action_welcome()

    # What the desk tells.

    async def on_opened(self, event: Opened) -> None:
        """A design is there, or not."""
        await self.write_draft()
        design = self.desk.design
        tree = self.query_one(FileTree)
        tree.show_files(self.file_names())
        self.query_one(HierarchyTree).show_design(self.desk.elaboration)
        if event.error is not None:
            what, remedy = event.error
            self.assistant.say("error", f"{what} {remedy}")
            self.panel.show_problems("design", (Problem(Severity.ERROR, f"{what} {remedy}"),))
            self.panel.tabs.active = "problems"
        else:
            self.panel.show_problems(
                "design", self.desk.elaboration.problems if self.desk.elaboration else ()
            )
        if design is None or self.desk.workbench is None:
            self.status.design = "no design"
            self._welcomed = True
            self.action_show_view("modules")
            return
        self.status.design = design.id if design.id == design.top else f"{design.id} · {design.top}"
        self.panel.write("\n".join(f"note: {note}" for note in design.notes))
        self.tell_policy()
        project = self.desk.workbench.project
        self.assistant.remember(self.desk.talk.take_past())
        self.assistant.price = lambda node: project.price(node.tokens)
        has_draft = await self.load_testbench(self.desk.workbench)
        self.desk.look()
        self.name_testbench()
        self._show_scores()
        if self.desk.workbench.session is not None and len(self.desk.workbench.nodes) > 1:
            count = len(self.desk.workbench.nodes) - 1
            rounds = "round" if count == 1 else "rounds"
            self.assistant.say(
                "note", f"Session {self.desk.workbench.session.id} goes on after {count} {rounds}."
            )
        elif not self._welcomed and not has_draft:
            self.action_welcome()
        self._welcomed = True
        self.call_after_refresh(settle)

    @work
    async def _show_scores(self) -> None:
        design = self.desk.design
        scores = await self.desk.scores()
        self.query_one(ModulesTable).show_scores(scores, design.top if design else "")

    def on_found(self, event: Found) -> None:
        """The repository's files and modules."""
        self.query_one(FileTree).show_files(self.file_names())
        if event.candidates is not None:
            self.query_one(ModulesTable).show_modules(event.candidates)

    async def on_stood(self, event: Stood) -> None:
        """Coverage, holes and rounds are shown everywhere."""
        standing = self.standing = event.standing
        self.explorer.show(standing)
        self.panel.show(standing)
        self.assistant.show(standing)
        self.status.spent = sum(self.assistant.price(node) for node in standing.nodes)
        self._show_marks(standing)
        coverage = standing.coverage
        self.status.score = standing.state.score if coverage is not None else None
        targets = standing.state.design.targets
        self.status.met = standing.state.meets_targets
        self.status.target = ", ".join(f"{each.metric} {each.percent:g} %" for each in targets)
        feedback = standing.state.feedback
        if feedback is not None:
            self.panel.show_problems("verilator", feedback.problems)
            self.status.mode = _mode(feedback)
        testbench = standing.state.testbench
        editor = self.editors.testbench
        if testbench is not None and testbench.text != editor.base:
            if editor.is_edited and editor.text != testbench.text:
                self.notice("A newer testbench was measured; your edits stay in the editor.")
            else:
                editor.load(testbench.name, testbench.text)
            editor.base = testbench.text
        self.name_testbench()

    @work(exclusive=True, group="marks", description="marks")
    async def _show_marks(self, standing: Standing) -> None:
        for view in self.editors.query(RtlView):
            found = await in_thread(partial(standing.marks_of, view.file))
            view.show(standing, found)

    def on_begun(self, event: Begun) -> None:
        """Work began."""
        self.status.stage = event.title
        self.panel.write(f"--- {event.title}")

    def on_ended(self, event: Ended) -> None:
        """Work is over."""
        self.assistant.end_stream()
        self.status.stage = ""
        self.status.paused = False
        self.run_worker(self.editors.close("review:"), name="close review")
        if event.error is not None:
            what, remedy = event.error
            self.assistant.say("error", f"{what} {remedy}")
            self.panel.write(f"error: {what} {remedy}")
            self.notice(what, "error")
        elif event.stopped:
            self.assistant.say("note", "Stopped. What was finished is kept.")
        self._show_scores()
        self._settle_soon()

    def on_happened(self, event: Happened) -> None:
        """An event of the engine."""
        match event.event:
            case events.Stage(name, detail):
                said = "reading coverage" if name is events.StageName.READING else name.value
                self.status.stage = f"{said}: {detail}" if detail else said
            case events.Text(text):
                self.assistant.stream(text)
            case events.Note(text):
                self.assistant.say("note", text)
                self.panel.write(f"note: {text}")
            case events.RoundStarted(number, rounds):
                self.panel.write(f"--- round {number} of {rounds}")
            case events.Proposed(proposal):
                self.assistant.end_stream()
                if proposal.note:
                    self.panel.write(proposal.note)
            case events.Measured(feedback):
                self.panel.write(feedback.log)
                for note in feedback.notes:
                    self.panel.write(f"note: {note}")
            case events.RoundFinished(transition=done):
                said = f"{shown(done.feedback.score)} %" if done.feedback.coverage else ""
                status = done.feedback.status.value.replace("_", " ")
                self.panel.write(f"{status} {said} in {done.seconds:.1f} s")

    def _settle_soon(self) -> None:
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(_REST_SECONDS, self._settle)

    def _settle(self) -> None:
        if self.app.rest_seconds < _REST_SECONDS:  # type: ignore[attr-defined]
            self._settle_soon()
        else:
            settle()

    # Review.

    async def on_review_asked(self, event: ReviewAsked) -> None:
        """A proposal waits."""
        self.give_room()
        self.status.stage = "waiting for your review"
        pane = ReviewPane(event.state, event.proposal)
        await self.editors.close("review:")
        await self.editors.open("review:", "Review ●", pane, tab=REVIEW)

    async def on_reviewed(self, event: Reviewed) -> None:
        """A person has decided."""
        self.desk.answer(event.testbench)
        await self.editors.close("review:")
        self.editors.tabs.active = TESTBENCH

    async def flush(self) -> None:
        """Keep what was typed and end what runs; the second time there is nothing to do."""
        if not self._flushed:
            self._flushed = True
            await self.write_draft()
            await self.desk.end()

    # Older rounds.

    async def on_open_node(self, event: OpenNode) -> None:
        """Show the testbench of a round, read-only."""
        bench = self.desk.workbench
        if bench is None:
            return
        self.give_room()
        try:
            state = await in_thread(lambda: bench.state_of(event.node))
        except Llm4CovError as error:
            self.notice(str(error), "error")
            return
        if state.testbench is None:
            self.notice("This round has no testbench: " + (event.node.note or "nothing usable was proposed."))
            return
        session = bench.session.id if bench.session else ""
        area = SourceArea(state.testbench.text, read_only=True)
        await self.editors.open(
            f"{session}#{event.node.number}", f"#{event.node.number} {state.testbench.name}", area
        )
        self.editors.focus_text()

    def action_welcome(self) -> None:
        """The ways to start."""
        name = self.desk.design.id if self.desk.design else ""
        self.app.push_screen(WelcomeScreen(name), self.start_in_way)


def _mode(feedback: Feedback) -> str:
    """How the testbench was built, as far as the simulator says."""
    identity = feedback.simulator
    words = [identity.name if identity else "", feedback.build, "cached" if feedback.cached else ""]
    return " ".join(filter(None, words))
