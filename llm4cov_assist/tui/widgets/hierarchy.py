"""The hierarchy of instances, with coverage at and below each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_assist.tui.messages import OpenFile
from llm4cov_assist.tui.widgets.coverage_tree import CoverageTree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.widgets import Tree
    from textual.widgets.tree import TreeNode

    from llm4cov_engine import Elaboration, Instance, Span


class HierarchyTree(CoverageTree["Instance"]):
    """Instances below the DUT; choosing one opens its module."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        self._modules: Mapping[str, Span] = {}
        super().__init__("no design", id=id)
        self.auto_expand = False
        self.root.allow_expand = False

    def show_design(self, elaboration: Elaboration | None) -> None:
        """Show the instances of a design; None for one that does not elaborate."""
        self.clear()
        self._modules = elaboration.modules if elaboration else {}
        if elaboration is None:
            self.root.set_label("no hierarchy: the design does not elaborate")
            self.root.data = None
            self.root.allow_expand = False
            return
        top = elaboration.hierarchy
        self.root.set_label(top.path)
        self.root.data = top
        self.root.allow_expand = bool(top.children)
        self._fill(self.root)
        self.root.expand()

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

    def about(self, data: Instance) -> tuple[str, str]:
        """The instance's path, and its module."""
        return data.path, data.module
