"""What the focused pane shows, and its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.table import Table
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from llm4cov_assist.tui.commands import COMMANDS, PALETTE_KEYS, key_name, keys_shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.widget import Widget

ABOUT = {
    "file-tree": (
        "Files",
        "The RTL files, with the score of each file and folder: the mean over the metrics that have points. "
        "Enter opens a file.",
    ),
    "hierarchy-tree": (
        "Hierarchy",
        "The DUT and the instances below it, with the score at and below each. Enter opens the module.",
    ),
    "modules-table": (
        "Modules",
        "Every module as a possible DUT, the one covered worst first. The score is the best any session "
        "reached with the module as top; - means that nobody has tried. Enter works on a module; Space puts "
        "one into the queue, c closes the queue's one after another.",
    ),
    "holes-table": (
        "Holes",
        "What was missed, the most useful first: a block that hides others comes before what lies in it. "
        "Enter goes to the line. The filter takes words, metric:, file: and in: (instance).",
    ),
    "problems-table": (
        "Problems",
        "What the compiler, the screen and the editor complain of. Enter goes there.",
    ),
    "log-text": ("Log", "The compiler's and the simulation's own words, round by round."),
    "rounds-tree": (
        "Rounds",
        "Every round of the session; one stands below another where a branch begins. ▶ is where the next "
        "round starts. Enter opens a round's testbench.",
    ),
    "conversation": ("Assistant", "What you asked for, the model's replies, and a card for every round."),
    "composer": (
        "Assistant",
        "Say what the next rounds should exercise. A model reads it; the built-in policy cannot read, and "
        "goes for what is missed.",
    ),
    "testbench": (
        "Testbench",
        "Yours to edit; errors show while you type. F5 runs it, as a round of your own.",
    ),
    "rtl": (
        "RTL",
        "Read-only. The gutter says of each line: ✓ hit, ~ partly, ✗ missed, ∅ unreachable, w waived. Below "
        "stand the points of the cursor's line, and #N, the round that hit one first.",
    ),
    "review": (
        "Review",
        "A proposal, before it is simulated. a accepts, e lets you change it first, r rejects it.",
    ),
}


class HelpScreen(ModalScreen[None]):
    """Help for a pane, then all keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,f12,enter", "dismiss", "Close")]

    def __init__(self, about: str, pane_keys: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._about, self._pane_keys = about, pane_keys

    def compose(self) -> ComposeResult:
        """The pane, then everything."""
        title, words = ABOUT.get(self._about, ("llm4cov", "F1 lists every command; Ctrl+O jumps to a pane."))
        with Vertical(classes="dialog wide tall"):
            yield Static(title, classes="dialog-title")
            with VerticalScroll():
                yield Static(words, markup=False)
                if self._pane_keys:
                    yield Static("\nIn this pane", classes="dialog-about")
                    yield Static(_table(self._pane_keys))
                yield Static("\nEverywhere", classes="dialog-about")
                yield Static(_table([(" / ".join(map(key_name, PALETTE_KEYS)), "Command palette"), *_all()]))
            yield Static("Esc closes", classes="dialog-keys")


def _all() -> list[tuple[str, str]]:
    return [(keys_shown(command), command.title) for command in COMMANDS if command.keys]


def _table(rows: Sequence[tuple[str, str]]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for keys, words in rows:
        table.add_row(Text(keys), Text(words))
    return table


def about_of(widget: Widget | None) -> str:
    """Which help goes with the focused widget: by its id, or that of what it lies in."""
    from llm4cov_assist.tui.widgets.review_pane import ReviewPane
    from llm4cov_assist.tui.widgets.rtl_view import RtlView
    from llm4cov_assist.tui.widgets.testbench_editor import TestbenchEditor

    for node in widget.ancestors_with_self if widget is not None else ():
        if isinstance(node, ReviewPane):
            return "review"
        if isinstance(node, RtlView):
            return "rtl"
        if isinstance(node, TestbenchEditor):
            return "testbench"
        if node.id in ABOUT:
            return node.id or ""
    return ""
