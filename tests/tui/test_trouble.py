"""Designs that do not load, repositories of many modules, holes by the thousand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_assist.tui.widgets.hierarchy import HierarchyTree
from llm4cov_assist.tui.widgets.holes_panel import HolesPanel, HolesTable
from llm4cov_assist.tui.widgets.modules import ModulesTable
from llm4cov_assist.tui.widgets.problems_panel import ProblemsTable
from llm4cov_engine import Hole, HoleReason, Metric, Point
from tests.tui.project import RTL, make, opened

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_design_that_does_not_compile(tmp_path: Path) -> None:
    root = make(tmp_path)
    (root / "rtl" / "box.sv").write_text(RTL.replace("step u_step", "stepp u_step"))
    async with opened(root) as session:
        main = session.main
        await session.until(lambda: main.query_one(ProblemsTable).rows)
        said = " ".join(str(row.problem) for row in main.query_one(ProblemsTable).rows)
        assert "stepp" in said
        assert session.said("error")
        await session.press("ctrl+p")
        await session.type("box")
        await session.press("enter")
        await session.until(lambda: main.editors.rtl)
        # Mended on the disk, it is read again.
        (root / "rtl" / "box.sv").write_text(RTL)
        await main.run_action("reload")
        await session.until(lambda: main.desk.elaboration)
        await session.until(lambda: str(main.query_one(HierarchyTree).root.label) == "dut")


async def test_a_repository_without_a_top_and_a_queue_of_modules(tmp_path: Path) -> None:
    root = tmp_path / "many"
    root.mkdir()
    for name in ("alpha", "beta"):
        (root / f"{name}.sv").write_text(
            f"module {name}(input logic clk, input logic d, output logic q);\n"
            "  always_ff @(posedge clk) q <= d;\nendmodule\n"
        )
    async with opened(root) as session:
        main = session.main
        table = main.query_one(ModulesTable)
        await session.until(lambda: len(table.rows) == 2)
        assert main.desk.workbench is None
        assert session.said("error")
        table.focus()
        await session.press("a", "c")
        await session.until(lambda: len(table.queue) == 0 and table.rows, seconds=120)
        await session.rest()
        await session.until(lambda: all((row.score or 0) > 0 for row in table.rows))
        assert main.desk.design is not None
        assert main.desk.design.top == "beta"
        assert main.assistant.cards
        # Enter works on another one, and goes on in its session.
        table.focus()
        await session.until(lambda: True)
        names = [row.candidate.module for row in table.rows]
        table.cursor = names.index("alpha")
        await session.press("enter")
        await session.until(lambda: main.desk.design and main.desk.design.top == "alpha")
        await session.until(lambda: main.standing and main.standing.state.design.top == "alpha")


def hole(number: int) -> Hole:
    metric = (Metric.TOGGLE, Metric.BRANCH)[number % 2]
    point = Point(metric, f"rtl/f{number % 7}.sv", number + 1, 1, "m", ("dut.u",), f"signal_{number}")
    return Hole(metric, point.file, point.line, 1, "m", "dut.u", point.what, HoleReason.UNCOVERED, (point,))


async def test_ten_thousand_holes(tmp_path: Path) -> None:
    async with opened(make(tmp_path)) as session:
        panel, table = session.main.query_one(HolesPanel), session.main.query_one(HolesTable)
        panel.show([hole(number) for number in range(10_000)])
        await session.until(lambda: len(table.rows) == 10_000)
        await session.main.run_action("show_panel('holes')")
        await session.press("end")
        assert table.row is not None
        assert table.row.what == "signal_9999"
        assert "signal_9999" in table.render_line(table.size.height - 1).text
        # Only what was in sight was ever drawn.
        assert len(table._strips) < 200
        await session.press("home", "pagedown", "up")
        assert 0 < table.cursor < 50
        await session.press("slash")
        await session.type("signal_77 file:f1")
        await session.until(lambda: 0 < len(table.rows) < 100)
        assert all("signal_77" in each.what and "f1" in each.file for each in table.rows)
