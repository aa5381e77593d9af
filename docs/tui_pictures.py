"""Take the pictures of the terminal assistant: `python docs/tui_pictures.py [FOLDER]`.

An example is copied and worked on for real, by the keys a person presses; Textual exports what is painted.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm4cov_assist.tui.app import AssistantApp
from llm4cov_assist.tui.desk import Request
from llm4cov_assist.tui.examples import copied
from llm4cov_assist.tui.messages import OpenFile
from llm4cov_assist.tui.screens.main import MainScreen
from llm4cov_assist.tui.themes import DARK
from llm4cov_engine import load_testbench

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

ROOT = Path(__file__).parent.parent
SIZE = (150, 42)


async def until(pilot: Pilot[Any], wanted: Callable[[], object]) -> None:
    """Wait for something, and for the paint of it."""
    while not wanted():
        await pilot.pause(0.1)
    await pilot.pause(0.5)


def keep(app: AssistantApp, path: Path) -> None:
    """Write what is on the screen; the fonts it would fetch from the network are not worth a network."""
    picture = app.export_screenshot(title="llm4cov tui")
    path.write_text(re.sub(r"@font-face\s*\{[^}]*\}\s*", "", picture), "utf-8")


async def take(project: Path, target: Path) -> None:
    """A short day: what somebody left is run, a proposal is reviewed and accepted, rounds are looked at."""
    request = Request(str(project), None, {"policy": {"name": "builtin", "rounds": 1}})
    app = AssistantApp(request, theme=DARK, welcome=False)
    async with app.run_test(size=SIZE) as pilot:
        main = app.screen_stack[0]
        assert isinstance(main, MainScreen)
        await until(pilot, lambda: main.standing is not None)
        left = load_testbench(project / "tb" / "arbiter_tb.sv")
        main.editors.testbench.load(left.name, left.text, base="")
        await pilot.press("f5")
        await until(pilot, lambda: main.assistant.cards and not main.desk.is_busy)
        main.assistant.ask()
        await pilot.press(*"every", "space", *"grant", "space", *"in", "space", *"turn", "enter")
        await until(pilot, lambda: main.desk.is_asking and main.query("DiffView"))
        keep(app, target / "tui-review.svg")
        await pilot.press("a")
        await until(pilot, lambda: len(main.assistant.cards) > 1 and not main.desk.is_busy)
        await until(pilot, lambda: main.standing is not None and main.standing.metrics)
        main.post_message(OpenFile("rtl/round_robin.sv", 1))
        await until(pilot, lambda: main.editors.rtl)
        await pilot.press("f8")
        await until(pilot, lambda: True)
        keep(app, target / "tui-main.svg")
        await main.run_action("show_panel('rounds')")
        await until(pilot, lambda: True)
        keep(app, target / "tui-rounds.svg")


def main() -> None:
    """Take the pictures."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(take(copied(ROOT / "examples" / "arbiter", Path(folder)), target))


if __name__ == "__main__":
    main()
