"""Rounds: run, close, review, pause, stop, repair, branch."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from llm4cov_assist.tui.themes import DARK, INKS
from llm4cov_assist.tui.widgets.review_pane import ReviewPane
from llm4cov_assist.tui.widgets.rounds_panel import RoundsTree
from llm4cov_engine import Author, Status
from tests.tui.project import BROKEN, OTHER, STRONG, WEAK, Session, make, opened, script

if TYPE_CHECKING:
    from pathlib import Path


def scores(session: Session) -> list[float]:
    bench = session.main.desk.workbench
    assert bench is not None
    return [node.score for node in bench.nodes[1:]]


async def review(session: Session) -> ReviewPane:
    await session.until(lambda: session.main.desk.is_asking and session.main.query(ReviewPane))
    return session.main.query_one(ReviewPane)


async def test_run_what_is_in_the_editor(tmp_path: Path) -> None:
    async with opened(make(tmp_path)) as session:
        editor = session.main.editors.testbench
        editor.area.load_text(WEAK)
        await session.press("f5")
        await session.rest()
        bench = session.main.desk.workbench
        assert bench is not None
        assert [node.author for node in bench.nodes[1:]] == [Author.HUMAN]
        assert 0.3 < bench.state.score < 1.0
        assert not editor.is_edited
        assert session.main.status.score == bench.state.score
        (card,) = session.main.assistant.cards
        assert card.node.number == 1
        assert f"{bench.state.score * 100:.1f} %" in card.draw(INKS[DARK]).plain
        assert session.main.panel.query_one("#holes-table").rows  # type: ignore[attr-defined]


async def test_accept_edit_and_reject(tmp_path: Path) -> None:
    root = make(tmp_path)
    async with opened(root, policy=script(tmp_path, WEAK, OTHER, STRONG)) as session:
        await session.press("f7")
        await review(session)
        await session.press("a")
        await session.until(lambda: len(scores(session)) == 1)
        await review(session)
        await session.press("r")
        await session.until(lambda: len(scores(session)) == 2)
        pane = await review(session)
        await session.press("e")
        await session.until(lambda: pane.is_editing)
        await session.press(*"// mine", "enter")
        await session.press("f5")
        await session.rest()
        bench = session.main.desk.workbench
        assert bench is not None
        first, second, third = bench.nodes[1:]
        assert (first.author, first.status) == (Author.SCRIPT, Status.SUCCESS)
        assert (second.status, second.score) == (Status.SCREENED_OUT, 0.0)
        assert third.author is Author.HUMAN
        assert bench.state.testbench is not None
        assert bench.state.testbench.text == "// mine\n" + STRONG
        assert bench.state.score > first.score
        assert not session.main.query(ReviewPane)


async def test_automatic_rounds_ask_nothing(tmp_path: Path) -> None:
    async with opened(make(tmp_path), policy=script(tmp_path, WEAK, STRONG)) as session:
        await session.press("ctrl+t", "f7")
        await session.until(lambda: len(scores(session)) == 2)
        await session.rest()
        first, second = scores(session)
        assert first < second
        assert len(session.main.assistant.cards) == 2
        await session.until(lambda: session.main.standing and session.main.standing.metrics)
        assert "newly" not in session.main.assistant.cards[-1].draw(INKS[DARK]).plain


async def test_accept_all_from_now_on(tmp_path: Path) -> None:
    async with opened(make(tmp_path), policy=script(tmp_path, WEAK, STRONG)) as session:
        await session.press("f7")
        await review(session)
        await session.press("A")
        await session.rest()
        assert len(scores(session)) == 2


async def test_pause_after_this_round_and_go_on(tmp_path: Path) -> None:
    # Long enough for the last key to come before the round is over, also on a busy machine.
    slow = WEAK.replace("$finish;", "repeat (2_000_000) @(negedge clk); $finish;")
    # Feedback stays in a cache that is kept from run to run, and would come at once.
    slow += f"// {uuid4()}\n"
    async with opened(make(tmp_path), policy=script(tmp_path, slow, OTHER, STRONG)) as session:
        await session.press("ctrl+t", "f7")
        await session.until(lambda: "simulating" in session.main.status.stage)
        await session.press("f6")
        await session.until(lambda: session.main.status.paused)
        await session.until(lambda: len(scores(session)) >= 1)
        count = len(scores(session))
        assert session.main.desk.is_busy
        await session.press("f6")
        await session.rest()
        assert len(scores(session)) > count


async def test_stop_at_once(tmp_path: Path) -> None:
    endless = WEAK.replace("$finish;", "forever @(negedge clk);")
    async with opened(make(tmp_path), policy=script(tmp_path, WEAK, endless)) as session:
        await session.press("ctrl+t", "f7")
        await session.until(lambda: len(scores(session)) == 1)
        await session.until(lambda: "simulating" in session.main.status.stage)
        await session.press("f9")
        await session.rest()
        assert len(scores(session)) == 1
        assert session.main.status.stage == ""


async def test_a_broken_testbench_shows_its_problems_and_is_repaired(tmp_path: Path) -> None:
    async with opened(make(tmp_path), policy=script(tmp_path, WEAK)) as session:
        session.main.editors.testbench.area.load_text(BROKEN)
        await session.press("f5")
        await session.rest()
        bench = session.main.desk.workbench
        assert bench is not None
        assert bench.nodes[1].status in (Status.COMPILE_FAILED, Status.SCREENED_OUT)
        await session.until(lambda: session.main.editors.testbench.problem_lines)
        await session.press("ctrl+t")
        await session.main.run_action("repair")
        await session.until(lambda: len(scores(session)) == 2)
        await session.rest()
        assert bench.state.score > 0


async def test_branch_from_an_earlier_round(tmp_path: Path) -> None:
    async with opened(make(tmp_path), policy=script(tmp_path, WEAK, STRONG)) as session:
        await session.press("ctrl+t", "f7")
        await session.until(lambda: len(scores(session)) == 2)
        await session.rest()
        await session.main.run_action("show_panel('rounds')")
        tree = session.main.query_one(RoundsTree)
        await session.until(lambda: len(tree.root.children) == 2)
        await session.press("home", "down", "b")
        await session.rest()
        bench = session.main.desk.workbench
        assert bench is not None
        assert bench.current is not None
        assert bench.current.number == 1
        assert session.main.editors.testbench.text == WEAK
        session.main.editors.testbench.area.load_text(OTHER)
        await session.press("f5")
        await session.rest()
        assert [node.parent for node in bench.nodes[1:]] == [0, 1, 1]
        await session.until(lambda: len(tree.root.children) == 2 and tree.root.children[0].children)
