"""The sidebar: files, instances and modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widgets import TabbedContent, TabPane

from llm4cov_assist.tui.widgets.file_tree import FileTree
from llm4cov_assist.tui.widgets.hierarchy import HierarchyTree
from llm4cov_assist.tui.widgets.modules import ModulesTable

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

    from llm4cov_assist.tui.standing import Standing


class Explorer(Vertical):
    """Three views of the repository."""

    def compose(self) -> ComposeResult:
        """A tab for each view."""
        with TabbedContent(id="explorer-tabs"):
            with TabPane("Files", id="files"):
                yield FileTree(id="file-tree")
            with TabPane("Hierarchy", id="hierarchy"):
                yield HierarchyTree(id="hierarchy-tree")
            with TabPane("Modules", id="modules"):
                yield ModulesTable(id="modules-table")

    def show(self, standing: Standing) -> None:
        """Show coverage in the trees."""
        self.query_one(FileTree).show_coverage(standing.files)
        self.query_one(HierarchyTree).show_coverage(standing.instances)

    def turn_to(self, view: str) -> None:
        """Show a view by its id and give it the keys."""
        self.query_one(TabbedContent).active = view
        wanted: dict[str, type[Widget]] = {
            "files": FileTree,
            "hierarchy": HierarchyTree,
            "modules": ModulesTable,
        }
        self.screen.set_focus(self.query_one(wanted[view]))
