"""Rounds: the tree of the session, and the plot of its scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static, Tree

from llm4cov_assist.tui.messages import BranchFrom, CompareAsked, OpenNode
from llm4cov_assist.tui.score import shown
from llm4cov_assist.tui.themes import inks
from llm4cov_assist.tui.widgets.score_plot import ScorePlot
from llm4cov_assist.tui.widgets.unseen import QuietWhileHidden
from llm4cov_engine import Status

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widgets.tree import TreeNode

    from llm4cov_assist.tui.standing import Standing
    from llm4cov_engine import Node


class RoundsTree(QuietWhileHidden, Tree["Node"]):
    """Rounds as they came from one another."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "branch", "Branch from here"),
        Binding("c", "compare", "Compare"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        # Labels are made while the tree is.
        self._standing: Standing | None = None
        self._marked: Node | None = None
        super().__init__("start", id=id)
        self.guide_depth = 2
        self.auto_expand = False

    def show(self, standing: Standing) -> None:
        """Show the rounds."""
        before = self.cursor_node.data.number if self.cursor_node and self.cursor_node.data else None
        old = self._standing
        self._standing = standing
        if old is not None and old.nodes == standing.nodes:
            self._forget_drawn()
            return
        self.clear()
        if standing.nodes:
            self.root.data = standing.nodes[0]
        # A chain of rounds is a list to a person: a round goes below another only where a branch begins.
        places: dict[int, TreeNode[Node]] = {0: self.root}
        last_child = {node.parent: node.number for node in standing.nodes[1:]}
        for node in standing.nodes[1:]:
            above = places[node.parent or 0]
            only = last_child[node.parent] == node.number
            home = above.parent if only and above.parent is not None else above
            places[node.number] = home.add(str(node.number), data=node, expand=True)
        self.root.expand()
        wanted = places.get(before if before is not None else standing.current or 0, self.root)
        self.call_after_refresh(self.move_cursor, wanted)

    def on_mount(self) -> None:
        """Follow the application's theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._forget_drawn())

    def _forget_drawn(self) -> None:
        self._updates += 1
        self.refresh()

    def render_label(self, node: TreeNode[Node], base_style: Style, style: Style) -> Text:
        """Number, policy, score and gain of a round, and what it newly hit."""
        standing, round_ = self._standing, node.data
        ink = inks(self.app)
        label = Text(no_wrap=True, end="")
        if standing is None or round_ is None or round_.number == 0:
            return label.append("start", style=style)
        here = round_.number == standing.current
        label.append("▶ " if here else "  ", style=base_style + Style(color=ink.partly))
        label.append(f"{round_.number:>2} {round_.author or 'file'}", style=style)
        if round_.status is Status.SUCCESS:
            label.append(
                f"  {shown(round_.score)}", style=base_style + Style(color=ink.of_ratio(round_.score))
            )
            label.append(f" {round_.gain * 100:+.1f}", style=base_style + Style(color=ink.quiet))
        elif round_.status is not None:
            words = round_.status.value.replace("_", " ")
            label.append(f"  ✗ {words}", style=base_style + Style(color=ink.missed))
        if fresh := standing.gains.get(round_.number):
            label.append(f" +{fresh} points", style=base_style + Style(color=ink.hit))
        if round_.number == standing.best:
            label.append(" best", style=base_style + Style(color=ink.hit, bold=True))
        if self._marked is not None and self._marked.number == round_.number:
            label.append(" ◆ compare with ...", style=base_style + Style(color=ink.waived))
        if round_.note:
            label.append(f"  {round_.note}", style=base_style + Style(color=ink.quiet))
        return label

    def on_tree_node_selected(self, event: Tree.NodeSelected[Node]) -> None:
        """Show the testbench of the round."""
        if event.node.data is not None and event.node.data.number:
            self.post_message(OpenNode(event.node.data))

    def action_branch(self) -> None:
        """Start later rounds from here."""
        if self.cursor_node is not None and self.cursor_node.data is not None:
            self.post_message(BranchFrom(self.cursor_node.data))

    def action_compare(self) -> None:
        """Mark a round; on a second one, compare the two."""
        if self.cursor_node is None or (node := self.cursor_node.data) is None or not node.number:
            return
        if self._marked is None or self._marked.number == node.number:
            self._marked = None if self._marked is not None else node
        else:
            self.post_message(CompareAsked(self._marked, node))
            self._marked = None
        self._forget_drawn()


class RoundsPanel(Horizontal):
    """The tree and the plot, side by side."""

    def compose(self) -> ComposeResult:
        """Tree left, plot right."""
        yield RoundsTree(id="rounds-tree")
        with Vertical(id="scores", classes="-empty"):
            yield ScorePlot(id="score-plot")
            yield Static("", id="score-legend")

    def show(self, standing: Standing) -> None:
        """Show the rounds."""
        self.query_one(RoundsTree).show(standing)
        self.query_one(ScorePlot).show(standing)
        self.query_one("#scores").set_class(len(standing.nodes) < 2, "-empty")
        self._tell()

    def on_mount(self) -> None:
        """Follow the application's theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._tell())

    def _tell(self) -> None:
        self.query_one("#score-legend", Static).update(self.query_one(ScorePlot).legend(), layout=False)
