"""Every command there is: one table that the keys, the palette, the help and the documentation read.

Where a terminal may swallow a key that fingers know from VS Code, a second one is given; both are shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Command:
    """A command.

    Attributes:
        action: of the main screen, arguments included.
        title: as the palette lists it.
        help: one sentence.
        keys: as Textual names them, the one to show first; () for the palette only.
        group: a heading.
    """

    action: str
    title: str
    help: str
    keys: tuple[str, ...] = ()
    group: str = ""


_RUN = (
    Command("run", "Run the testbench", "Simulate the testbench as it stands; edits make it yours.", ("f5",)),
    Command(
        "close", "Close coverage", "Let the policy write and repair, as many rounds as are set.", ("f7",)
    ),
    Command("close_rounds", "Close coverage for N rounds ...", "Say how many rounds.", ("shift+f7",)),
    Command("pause", "Pause after this round", "Hold up the next round, or let it go on.", ("f6",)),
    Command(
        "stop", "Stop at once", "End what runs, processes included; finished rounds stay.", ("f9", "shift+f5")
    ),
    Command("repair", "Repair the testbench", "One round that mends what does not compile or run."),
    Command(
        "toggle_review",
        "Automatic rounds on or off",
        "Off: every proposal is shown as a diff and waits for your word.",
        ("ctrl+t",),
    ),
    Command(
        "switch_policy", "Switch policy or model ...", "Who proposes from the next round on.", ("ctrl+n",)
    ),
)
_REVIEW = (
    Command("accept", "Accept the proposal", "Simulate it as it is; `a` in the review.", ()),
    Command("edit_proposal", "Edit the proposal", "Change it first; the round is then yours. `e`.", ()),
    Command("reject", "Reject the proposal", "It is recorded, counts for nothing. `r`.", ()),
)
_SESSION = (
    Command("branch", "Branch from a round", "Later rounds start from the round chosen under Rounds."),
    Command("compare", "Compare two rounds ...", "What each hit that the other did not."),
    Command(
        "aim", "Close the hole under the cursor", "Ask the policy for exactly this hole; `c` under Holes."
    ),
    Command(
        "waive", "Waive the hole under the cursor ...", "With a reason, in the waivers file; `w` under Holes."
    ),
    Command("export", "Export the session ...", "Write its rounds as training data."),
    Command(
        "html", "Open the HTML report", "Write the report of the present state, and open it in a browser."
    ),
    Command("new_session", "Begin a new session", "From nothing; the rounds so far stay in theirs."),
    Command("reload", "Read the design again", "After the RTL changed on the disk."),
)
_FILES = (
    Command("files", "Go to file ...", "Find a file by a part of its name.", ("ctrl+p",)),
    Command("open_testbench", "Edit a testbench file ...", "Put a file into the testbench editor."),
    Command("save", "Save the testbench", "Write it to its file.", ("ctrl+s",)),
    Command("save_as", "Save the testbench as ...", "Write it to another file."),
    Command(
        "revert", "Take the measured testbench", "Drop your edits and load what the present state holds."
    ),
    Command("close_tab", "Close the tab", "The testbench's own stays.", ("ctrl+w",)),
    Command("tab(1)", "Next tab", "To the right.", ("ctrl+pagedown", "alt+right")),
    Command("tab(-1)", "Previous tab", "To the left.", ("ctrl+pageup", "alt+left")),
)
_GO = (
    Command("find", "Find ...", "In the text of the active tab.", ("ctrl+f",)),
    Command("find_next", "Find next", "The next place of what was looked for.", ("f3",)),
    Command("find_previous", "Find previous", "The place before.", ("shift+f3",)),
    Command("go_to_line", "Go to line ...", "In the active tab.", ("ctrl+g",)),
    Command("next_hole(1)", "Next hole or problem", "In the active tab.", ("f8",)),
    Command("next_hole(-1)", "Previous hole or problem", "In the active tab.", ("shift+f8",)),
)
_VIEW = (
    Command("sidebar", "Sidebar on or off", "Files, hierarchy, modules.", ("ctrl+b", "f2")),
    Command("panel", "Panel on or off", "Holes, problems, log, rounds.", ("ctrl+j", "f4")),
    Command("assistant", "Assistant on or off", "The conversation.", ("ctrl+backslash",)),
    Command("ask", "Write to the assistant", "Say what the next rounds should exercise.", ("ctrl+l",)),
    Command("show_view('files')", "Show files", "The RTL tree."),
    Command("show_view('hierarchy')", "Show the hierarchy", "Instances below the DUT."),
    Command("show_view('modules')", "Show modules", "Every module as a possible DUT, and the queue."),
    Command("show_panel('holes')", "Show holes", "What was missed."),
    Command("show_panel('problems')", "Show problems", "Of the compiler, the screen and the editor."),
    Command("show_panel('log')", "Show the log", "The tools' own words."),
    Command("show_panel('rounds')", "Show rounds", "The session's tree, and the plot."),
    Command("jump", "Jump to a pane", "By a letter.", ("ctrl+o",)),
    Command("theme", "Light or dark", "Change the colours."),
    Command("keys", "Help for this pane", "Its keys, and what it shows.", ("f12",)),
    Command("welcome", "Ways to start", "An example, the built-in policy, a model."),
    Command(
        "leave", "Quit", "Rounds that were finished and edits that were not saved are kept.", ("ctrl+q",)
    ),
)

PALETTE_KEYS = ("f1", "ctrl+shift+p")

COMMANDS: tuple[Command, ...] = tuple(
    Command(each.action, each.title, each.help, each.keys, group)
    for group, commands in (
        ("Rounds", _RUN),
        ("Review", _REVIEW),
        ("Session", _SESSION),
        ("Files", _FILES),
        ("Go", _GO),
        ("View", _VIEW),
    )
    for each in commands
)


def bindings() -> list[Binding]:
    """The keys of the main screen; they come before those of the focused widget."""
    return [
        Binding(",".join(command.keys), command.action, command.title, show=False, priority=True)
        for command in COMMANDS
        if command.keys
    ]


def key_name(key: str) -> str:
    """A key as keyboards name it: "ctrl+shift+p" as "Ctrl+Shift+P"."""
    names = {
        "backslash": "\\",
        "pagedown": "PgDn",
        "pageup": "PgUp",
        "slash": "/",
        "underscore": "_",
        "escape": "Esc",
        "space": "Space",
    }
    parts = [
        names.get(part, part.upper() if len(part) < 4 and part != "alt" else part.capitalize())
        for part in key.split("+")
    ]
    return "+".join("Ctrl" if part == "CTRL" else part for part in parts)


def keys_shown(command: Command) -> str:
    """The keys of a command, the alternative after a stroke."""
    return " / ".join(key_name(key) for key in command.keys)
