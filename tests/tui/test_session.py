"""What a session keeps and gives: waivers, comparison, export, report, files, drafts, reopening."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from llm4cov_assist.tui.screens.ask import AskScreen
from llm4cov_assist.tui.screens.choose import ChooseScreen
from llm4cov_assist.tui.screens.policy import PolicyScreen
from llm4cov_assist.tui.widgets.comparison_view import ComparisonView
from llm4cov_assist.tui.widgets.holes_panel import HolesTable
from llm4cov_assist.tui.widgets.line_table import LineTable
from llm4cov_engine import HoleReason
from tests.tui.project import OTHER, STRONG, WEAK, Session, make, opened, script

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


async def two_rounds(session: Session) -> None:
    await session.press("ctrl+t", "f7")
    await session.until(lambda: session.main.standing and len(session.main.standing.nodes) == 3)
    await session.rest()


async def answer(session: Session, text: str = "") -> None:
    await session.until(lambda: isinstance(session.app.screen, AskScreen | ChooseScreen))
    await session.type(text)
    await session.press("enter")


async def test_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waive, compare, save, export, report; then reopen and find all of it."""
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    root = make(tmp_path)
    async with opened(root, policy=script(tmp_path, WEAK, OTHER)) as session:
        main, app = session.main, session.app
        await two_rounds(session)
        # Compare the two rounds, chosen from lists: the newest comes first.
        await main.run_action("compare")
        await answer(session)
        await answer(session)
        await session.until(lambda: main.query(ComparisonView))
        sides = list(main.query_one(ComparisonView).query(LineTable))
        await session.until(lambda: all(table.rows for table in sides))
        assert any("mode[1]" in row.what for row in sides[0].rows)
        assert any("mode[0]" in row.what for row in sides[1].rows)
        # Waive a hole: no reason is no answer.
        await main.run_action("show_panel('holes')")
        holes = main.query_one(HolesTable)
        count, hole = len(holes.rows), holes.row
        assert hole is not None
        await session.press("w")
        await answer(session)
        assert isinstance(app.screen, AskScreen)
        await answer(session, "never used")
        await session.until(lambda: main.standing and len(main.standing.nodes) == 4)
        await session.rest()
        assert "never used" in (root / "waivers.toml").read_text()
        await session.until(lambda: any(each.reason is HoleReason.WAIVED for each in holes.rows))
        assert len(holes.rows) == count
        # Filter and sort.
        await session.press("slash")
        await session.type("metric:toggle 0->1")
        await session.press("enter")
        await session.until(lambda: len(holes.rows) < count)
        assert all("toggle" in each.metric.value for each in holes.rows)
        await session.press("s", "s")
        await session.until(lambda: holes.sorted_by == (1, False))
        await session.until(lambda: [h.what for h in holes.rows] == sorted(h.what for h in holes.rows))
        # Enter goes to the line.
        wanted = holes.row
        assert wanted is not None
        await session.press("enter")
        await session.until(lambda: main.editors.rtl and main.editors.rtl.file == wanted.file)
        area = main.editors.area
        assert area is not None
        await session.until(lambda: area.cursor_location[0] == wanted.line - 1)
        # Save, export, report.
        await session.press("ctrl+s")
        await session.until(lambda: isinstance(app.screen, AskScreen))
        await session.press("enter")
        await session.until(lambda: (root / "box_tb.sv").exists())
        assert (root / "box_tb.sv").read_text() == main.editors.testbench.text
        await main.run_action("export")
        await answer(session, "transitions")
        await answer(session)
        await session.until(lambda: (root / "dataset" / "manifest.json").exists())
        rows = next((root / "dataset").glob("*transitions*.jsonl")).read_text().splitlines()
        assert len(rows) == 3
        assert str(tmp_path) not in rows[0]
        json.loads(rows[0])
        await main.run_action("html")
        await session.until(lambda: list((root / ".llm4cov").glob("*.html")))
        score = main.status.score
    async with opened(root) as session:
        await session.until(lambda: session.main.standing and session.main.standing.nodes)
        assert session.main.status.score == score
        assert len(session.main.assistant.cards) == 3


async def test_unsaved_edits_come_back(tmp_path: Path) -> None:
    root = make(tmp_path)
    async with opened(root) as session:
        editor = session.main.editors.testbench
        editor.area.focus()
        await session.type("// half a thought")
        await session.press("ctrl+q")
    draft = next((root / ".llm4cov" / "drafts").iterdir())
    assert draft.stat().st_mode & 0o077 == 0
    async with opened(root) as session:
        editor = session.main.editors.testbench
        assert editor.text == "// half a thought"
        assert editor.is_unsaved
        # A round that ends does not take them away; what was measured can be had on demand.
        bench = session.main.desk.workbench
        assert bench is not None
        bench.switch(policy=script(tmp_path, STRONG))
        await session.press("ctrl+t", "f7")
        await session.until(lambda: session.main.standing and session.main.standing.nodes)
        await session.rest()
        assert editor.text == "// half a thought"
        await session.main.run_action("revert")
        await session.until(lambda: editor.text == STRONG)
        await session.until(lambda: not draft.exists())


async def test_switch_the_policy(tmp_path: Path) -> None:
    async with opened(make(tmp_path)) as session:
        await session.press("ctrl+n")
        await session.until(lambda: isinstance(session.app.screen, PolicyScreen))
        screen = session.app.screen
        screen.query_one("RadioSet").query("RadioButton")[1].toggle()  # type: ignore[attr-defined]
        screen.query_one("#model").value = "cleverest"  # type: ignore[attr-defined]
        screen.query_one("#base-url").value = "http://localhost:1/v1"  # type: ignore[attr-defined]
        await session.pilot.click("#use")
        await session.until(lambda: "cleverest" in session.main.status.policy)
        # No key, no answer: an error that a person can read, and nothing is lost.
        await session.press("ctrl+t", "f7")
        await session.until(lambda: session.said("error"))
        assert not session.main.desk.is_busy
