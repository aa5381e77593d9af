"""The RTL tree, with coverage per file and folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import Tree

from llm4cov_assist.tui.messages import OpenFile
from llm4cov_assist.tui.themes import inks
from llm4cov_assist.tui.widgets.unseen import QuietWhileHidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.style import Style
    from textual.widgets.tree import TreeNode

    from llm4cov_assist.tui.standing import Share

OPEN_UP_TO = 60
"""A tree of at most so many files is shown with its folders open."""


class FileTree(QuietWhileHidden, Tree[str]):
    """Folders and files; what belongs to a closed folder is made when the folder is opened."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("right", "open_folder", "Open", show=False)]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        # Labels are made while the tree is.
        self._shares: Mapping[str, Share] = {}
        self._below: dict[str, tuple[list[str], list[str]]] = {}
        self._files: frozenset[str] = frozenset()
        super().__init__("", data="", id=id)
        self.show_root = False
        self.guide_depth = 2

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

    def render_label(self, node: TreeNode[str], base_style: Style, style: Style) -> Text:
        """A name, and the score of what it holds."""
        label = Text(no_wrap=True, end="")
        if node.allow_expand:
            label.append("▾ " if node.is_expanded else "▸ ", style=base_style)
        label.append(str(node.label), style=style)
        share = self._shares.get(node.data or "")
        if share is not None and share.score is not None:
            ink = inks(self.app).of_ratio(share.score)
            label.append(f"  {shown(share.score)}", style=base_style + _colour(ink))
        return label


def shown(score: float) -> str:
    """A score in per cent, without the sign, never rounded up to 100."""
    text = f"{score * 100:.1f}"
    return "99.9" if text == "100.0" and score < 1.0 else "100" if score >= 1.0 else text


def _colour(ink: str) -> Style:
    from rich.style import Style

    return Style(color=ink)


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
