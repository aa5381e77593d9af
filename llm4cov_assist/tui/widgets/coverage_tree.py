"""A tree whose names stand beside the coverage of what they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from rich.style import Style
from rich.text import Text
from textual.widgets import Tree

from llm4cov_assist.tui.score import shown
from llm4cov_assist.tui.themes import inks
from llm4cov_assist.tui.widgets.unseen import QuietWhileHidden

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.widgets.tree import TreeNode

    from llm4cov_assist.tui.standing import Share

Data = TypeVar("Data")


class CoverageTree(QuietWhileHidden, Tree[Data]):
    """What is below a node is made when the node is opened."""

    def __init__(self, label: str, data: Data | None = None, *, id: str | None = None) -> None:  # noqa: A002
        # Labels are made while the tree is.
        self._shares: Mapping[str, Share] = {}
        super().__init__(label, data=data, id=id)
        self.guide_depth = 2

    def about(self, data: Data) -> tuple[str, str]:
        """What `show_coverage` calls the thing, and what is said quietly behind its score."""
        raise NotImplementedError

    def show_coverage(self, shares: Mapping[str, Share]) -> None:
        """Show coverage beside the names."""
        if shares != self._shares:
            self._shares = shares
            self._forget_drawn()

    def on_mount(self) -> None:
        """Follow the application's theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._forget_drawn())

    def _forget_drawn(self) -> None:
        # Not node by node: a tree of thousands would keep the screen waiting.
        self._updates += 1
        self.refresh()

    def render_label(self, node: TreeNode[Data], base_style: Style, style: Style) -> Text:
        """A name, the score of what it holds, and the remark."""
        label = Text(no_wrap=True, end="")
        if node.allow_expand:
            label.append("▾ " if node.is_expanded else "▸ ", style=base_style)
        label.append(str(node.label), style=style)
        if node.data is None:
            return label
        ink = inks(self.app)
        name, remark = self.about(node.data)
        share = self._shares.get(name)
        if share is not None and share.score is not None:
            label.append(f"  {shown(share.score)}", style=base_style + Style(color=ink.of_ratio(share.score)))
        if remark:
            label.append(f"  {remark}", style=base_style + Style(color=ink.quiet))
        return label
