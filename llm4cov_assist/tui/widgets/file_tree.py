"""The RTL tree, with coverage per file and folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from llm4cov_assist.tui.messages import OpenFile
from llm4cov_assist.tui.widgets.coverage_tree import CoverageTree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widgets import Tree
    from textual.widgets.tree import TreeNode

OPEN_UP_TO = 60
"""A tree of at most so many files is shown with its folders open."""


class FileTree(CoverageTree[str]):
    """Folders and files; what belongs to a closed folder is made when the folder is opened."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("right", "open_folder", "Open", show=False)]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        self._below: dict[str, tuple[list[str], list[str]]] = {}
        self._files: frozenset[str] = frozenset()
        super().__init__("", "", id=id)
        self.show_root = False

    def show_files(self, names: Iterable[str]) -> None:
        """Show these files; folders that are open stay open."""
        files = frozenset(names)
        if files == self._files:
            return
        opened = {node.data for node in self._tree_nodes.values() if node.is_expanded}
        opened |= {name for name in _folders(files) if len(files) <= OPEN_UP_TO}
        self._files = files
        self._below = _arranged(files)
        self.clear()
        self.root.expand()
        self._fill(self.root, opened)

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[str]) -> None:
        """Make what is in the folder."""
        if not event.node.children:
            self._fill(event.node, set())

    def on_tree_node_selected(self, event: Tree.NodeSelected[str]) -> None:
        """Open the file."""
        if event.node.data in self._files:
            self.post_message(OpenFile(event.node.data or ""))

    def action_open_folder(self) -> None:
        """Open the folder under the cursor."""
        if self.cursor_node is not None and self.cursor_node.allow_expand:
            self.cursor_node.expand()

    def _fill(self, node: TreeNode[str], opened: set[str | None]) -> None:
        folders, files = self._below.get(node.data or "", ((), ()))
        for name in folders:
            child = node.add(name.rpartition("/")[2], data=name, expand=name in opened)
            if name in opened:
                self._fill(child, opened)
        for name in files:
            node.add_leaf(name.rpartition("/")[2], data=name)

    def about(self, data: str) -> tuple[str, str]:
        """The file or folder itself."""
        return data, ""


def _folders(files: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for name in files:
        folder = name.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _arranged(files: frozenset[str]) -> dict[str, tuple[list[str], list[str]]]:
    """Folder to the folders and files right below it."""
    below: dict[str, tuple[list[str], list[str]]] = {"": ([], [])}
    for folder in sorted(_folders(files)):
        below.setdefault(folder, ([], []))
        below.setdefault(folder.rpartition("/")[0], ([], []))[0].append(folder)
    for name in sorted(files):
        below[name.rpartition("/")[0]][1].append(name)
    return below
