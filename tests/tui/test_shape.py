"""The shape and the habits: panes, keys, palette, files, find, jump, help, themes, sizes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from textual.command import CommandList, CommandPalette

from llm4cov_assist.tui.commands import COMMANDS, PALETTE_KEYS, key_name, keys_shown
from llm4cov_assist.tui.screens.choose import ChooseScreen
from llm4cov_assist.tui.screens.help import HelpScreen
from llm4cov_assist.tui.screens.jump import JumpScreen
from llm4cov_assist.tui.screens.main import MainScreen
from llm4cov_assist.tui.screens.welcome import WelcomeScreen
from llm4cov_assist.tui.themes import DARK, INKS, LIGHT, SIGNS
from llm4cov_assist.tui.widgets.file_tree import FileTree
from llm4cov_assist.tui.widgets.hierarchy import HierarchyTree
from llm4cov_assist.tui.widgets.modules import ModulesTable
from llm4cov_engine import LineStatus
from tests.tui.project import RTL, WEAK, make, opened

if TYPE_CHECKING:
    from pathlib import Path


def test_every_command_is_an_action_and_has_its_own_keys() -> None:
    for command in COMMANDS:
        assert hasattr(MainScreen, f"action_{command.action.partition('(')[0]}"), command.action
        assert command.help.endswith((".", "`."))
    keys = Counter([key for command in COMMANDS for key in command.keys] + list(PALETTE_KEYS))
    assert [key for key, count in keys.items() if count > 1] == []
    assert key_name("ctrl+shift+p") == "Ctrl+Shift+P"
    assert keys_shown(next(each for each in COMMANDS if each.action == "sidebar")) == "Ctrl+B / F2"


def test_signs_and_inks_differ() -> None:
    assert len(set(SIGNS.values())) == len(LineStatus)
    for inks in INKS.values():
        assert len({inks.of(status) for status in LineStatus}) == len(LineStatus)


async def test_habits(tmp_path: Path) -> None:
    async with opened(make(tmp_path)) as session:
        main, app = session.main, session.app
        # The trees show the repository.
        assert {"rtl/box.sv", "rtl/step.sv"} <= main.query_one(FileTree)._files
        assert str(main.query_one(HierarchyTree).root.label) == "dut"
        await session.until(lambda: len(main.query_one(ModulesTable).rows) == 2)
        # Ctrl+P opens a file by a part of its name; F8 has nothing to go to.
        await session.press("ctrl+p")
        await session.until(lambda: isinstance(app.screen, ChooseScreen))
        await session.type("ste")
        await session.press("enter")
        await session.until(lambda: main.editors.rtl and main.editors.rtl.file == "rtl/step.sv")
        # Find goes round; letters of either case are the same.
        await session.press("ctrl+f")
        await session.type("MODE")
        await session.press("enter", "enter")
        area = main.editors.area
        assert area is not None
        assert area.selected_text == "mode"
        third = area.selection
        await session.press("escape", "f3", "shift+f3")
        assert area.selection == third
        # Ctrl+G goes to a line; Ctrl+W closes the tab, but never the testbench's.
        await session.press("ctrl+g", "7", "enter")
        await session.until(lambda: app.screen is main)
        assert area.cursor_location[0] == 6
        await session.press("ctrl+w", "ctrl+w")
        assert main.editors.rtl is None
        assert main.editors.tabs.active == "testbench"
        # Panes go and come.
        for key, pane in (("ctrl+b", "explorer"), ("f2", "explorer"), ("ctrl+j", "panel"), ("f4", "panel")):
            before = main.query_one(f"#{pane}").display
            await session.press(key)
            assert main.query_one(f"#{pane}").display is not before
        # Jump, help, theme.
        await session.press("ctrl+o")
        await session.until(lambda: isinstance(app.screen, JumpScreen))
        await session.press("r")
        await session.until(lambda: main.focused is not None and main.focused.id == "rounds-tree")
        await session.press("f12")
        await session.until(lambda: isinstance(app.screen, HelpScreen))
        await session.press("escape")
        await session.press("f1")
        await session.until(lambda: isinstance(app.screen, CommandPalette))
        await session.type("light or dark")
        await session.until(
            lambda: "Light" in str(app.screen.query_one(CommandList).get_option_at_index(0).prompt)
        )
        await session.press("enter")
        await session.until(lambda: app.theme == LIGHT)
        await session.main.run_action("theme")
        assert app.theme == DARK


async def test_typing_colours_undo_and_live_errors(tmp_path: Path) -> None:
    async with opened(make(tmp_path)) as session:
        editor = session.main.editors.testbench
        editor.area.focus()
        await session.press("ctrl+l")
        assert session.main.focused is not None
        assert session.main.focused.id == "composer"
        editor.area.focus()
        editor.area.load_text(WEAK)
        assert any("keyword" in span for span in editor.area._highlights[0])
        editor.area.go_to(1, 1)
        await session.type("modul x")
        await session.until(lambda: 1 in editor.problem_lines)
        assert "✗" in str(editor.query_one(".line-points").render())
        await session.press("ctrl+z")
        while editor.text != WEAK:
            await session.press("ctrl+z")
        await session.until(lambda: not editor.problem_lines)
        assert str(editor.query_one(".line-points").render()) == ""


async def test_a_narrow_terminal_and_a_storm_of_sizes(tmp_path: Path) -> None:
    async with opened(make(tmp_path), size=(80, 24)) as session:
        main = session.main
        assert not main.assistant.display
        await session.press("ctrl+l")
        await session.until(lambda: main.assistant.display)
        middle = main.query_one("#middle")
        await session.until(lambda: not middle.display)
        await session.press("ctrl+g", "escape")
        await session.main.run_action("show_panel('log')")
        await session.until(lambda: middle.display)
        for width, height in (
            (20, 5),
            (200, 60),
            (80, 24),
            (3, 2),
            (120, 40),
            (79, 9),
            (300, 80),
            (100, 30),
        ) * 4:
            await session.pilot.resize_terminal(width, height)
        await session.until(lambda: main.size.width == 100)
        await session.press("ctrl+p")
        await session.until(lambda: isinstance(session.app.screen, ChooseScreen))


async def test_the_first_run_explains_how_to_start(tmp_path: Path) -> None:
    async with opened(make(tmp_path), welcome=True) as session:
        screen = session.app.screen
        assert isinstance(screen, WelcomeScreen)
        words = " ".join(str(each.render()) for each in screen.query("Static, Button"))
        assert all(word in words for word in ("example", "built-in policy", "model", "OPENAI_API_KEY"))
        await session.press("2")
        await session.until(lambda: session.main.desk.is_asking)
        await session.press("f9")
        await session.rest()


async def test_rtl_that_is_not_utf8_opens(tmp_path: Path) -> None:
    root = make(tmp_path)
    (root / "rtl" / "box.sv").write_bytes("// größe\n".encode("latin-1") + RTL.encode())
    async with opened(root) as session:
        await session.press("ctrl+p")
        await session.type("box")
        await session.press("enter")
        await session.until(lambda: session.main.editors.rtl)
        area = session.main.editors.area
        assert area is not None
        assert area.text.startswith("// größe\n")
