"""The hierarchy of instances, with coverage at and below each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text
from textual.widgets import Tree

from llm4cov_assist.tui.messages import OpenFile
from llm4cov_assist.tui.themes import inks
from llm4cov_assist.tui.widgets.file_tree import shown
from llm4cov_assist.tui.widgets.unseen import QuietWhileHidden

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.widgets.tree import TreeNode

    from llm4cov_assist.tui.standing import Share
    from llm4cov_engine import Elaboration, Instance, Span


class HierarchyTree(QuietWhileHidden, Tree["Instance"]):
    """Instances below the DUT; choosing one opens its module."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        # Labels are made while the tree is.
        self._shares: Mapping[str, Share] = {}
        self._modules: Mapping[str, Span] = {}
        super().__init__("no design", id=id)
        self.guide_depth = 2
        self.auto_expand = False

    def show_design(self, elaboration: Elaboration | None) -> None:
        """Show the instances of a design; None for one that does not elaborate."""
        self.clear()
        self._modules = elaboration.modules if elaboration else {}
        if elaboration is None:
            self.root.set_label("no hierarchy: the design does not elaborate")
            self.root.data = None
            return
        top = elaboration.hierarchy
        self.root.set_label(top.path)
        self.root.data = top
        self._fill(self.root)
        self.root.expand()

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

    def _fill(self, node: TreeNode[Instance]) -> None:
        instance = node.data
        if instance is None or node.children:
            return
        for child in instance.children:
            name = child.path[len(instance.path) + 1 :]
            if child.children:
                node.add(name, data=child)
            else:
                node.add_leaf(name, data=child)

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Instance]) -> None:
        """Make what is below the instance."""
        self._fill(event.node)

    def on_tree_node_selected(self, event: Tree.NodeSelected[Instance]) -> None:
        """Open the module."""
        if event.node.data is not None and (span := self._modules.get(event.node.data.module)):
            self.post_message(OpenFile(span.file, span.line, span.column))

    def render_label(self, node: TreeNode[Instance], base_style: Style, style: Style) -> Text:
        """Instance, score and module."""
        label = Text(no_wrap=True, end="")
        if node.allow_expand and node.data is not None and node.data.children:
            label.append("▾ " if node.is_expanded else "▸ ", style=base_style)
        label.append(str(node.label), style=style)
        if node.data is None:
            return label
        ink = inks(self.app)
        share = self._shares.get(node.data.path)
        if share is not None and share.score is not None:
            label.append(f"  {shown(share.score)}", style=base_style + Style(color=ink.of_ratio(share.score)))
        label.append(f"  {node.data.module}", style=base_style + Style(color=ink.quiet))
        return label
