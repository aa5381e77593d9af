"""A proposal as a diff against what there is; it counts only when a person says so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Static

from llm4cov_assist.tui.messages import Reviewed
from llm4cov_assist.tui.themes import inks
from llm4cov_assist.tui.widgets.source_area import SourceArea
from llm4cov_engine import Testbench

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from llm4cov_engine import Proposal, State


class ReviewPane(Vertical):
    """The diff, the buttons, and an editor for who wants to change it first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "accept", "Accept"),
        Binding("e", "edit", "Edit first"),
        Binding("r", "reject", "Reject"),
        Binding("A", "accept_all", "Accept all from now on"),
    ]

    def __init__(self, state: State, proposal: Proposal, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        assert proposal.testbench is not None
        self._state, self._proposal = state, proposal
        self._testbench: Testbench = proposal.testbench

    def compose(self) -> ComposeResult:
        """Who proposes what, the buttons, the diff."""
        ink = inks(self.app)
        proposal = self._proposal
        head = Text.assemble(("Proposal ", "bold"), (f"by {proposal.model or proposal.policy}", ink.quiet))
        if proposal.note:
            head.append(f"  {proposal.note}", style=ink.quiet)
        yield Static(head, classes="review-head")
        with Horizontal(classes="buttons"):
            yield Button("Accept (a)", variant="success", id="review-accept", compact=True)
            yield Button("Edit (e)", id="review-edit", compact=True)
            yield Button("Reject (r)", variant="error", id="review-reject", compact=True)
            yield Button("All (A)", id="review-all", compact=True)
        yield VerticalScroll(id="review-diff", can_focus=True)

    async def on_mount(self) -> None:
        """Make the diff, in a thread where that takes its time."""
        before = self._state.testbench
        scroll = self.query_one("#review-diff")
        if before is None or not before.text.strip():
            # Everything is new: colours say more than a column of pluses.
            area = SourceArea(self._testbench.text, read_only=True)
            await scroll.mount(area)
            area.focus()
            return
        if before.text == self._testbench.text:
            words = "The measured testbench, unchanged. Accept runs it again; reject leaves it at that."
            await scroll.mount(Static(words, classes="review-same"))
            scroll.focus()
            return
        from textual_diff_view import DiffView

        view = DiffView(before.name, self._testbench.name, before.text, self._testbench.text, auto_split=True)
        view.annotations = True
        await asyncio.to_thread(lambda: view.grouped_opcodes)
        await scroll.mount(view)
        scroll.focus()

    @property
    def is_editing(self) -> bool:
        """Whether the proposal is being changed."""
        return bool(self.query("#review-editor"))

    @on(Button.Pressed, "#review-accept")
    def action_accept(self) -> None:
        """Simulate it."""
        if self.is_editing:
            text = self.query_one("#review-editor", SourceArea).text
            self.post_message(Reviewed(Testbench(self._testbench.name, text)))
        else:
            self.post_message(Reviewed(self._testbench))

    @on(Button.Pressed, "#review-reject")
    def action_reject(self) -> None:
        """Let it count for nothing."""
        self.post_message(Reviewed(None))

    @on(Button.Pressed, "#review-all")
    async def action_accept_all(self) -> None:
        """Simulate it, and ask no more."""
        await self.screen.run_action("toggle_review")
        self.action_accept()

    @on(Button.Pressed, "#review-edit")
    async def action_edit(self) -> None:
        """Change it first."""
        if self.is_editing:
            return
        scroll = self.query_one("#review-diff")
        await scroll.remove_children()
        area = SourceArea(self._testbench.text, read_only=False, id="review-editor")
        await scroll.mount(area)
        area.focus()
        self.query_one("#review-accept", Button).label = "Run it as edited (F5)"
