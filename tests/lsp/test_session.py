"""A person at work in an editor, from the first error to closed coverage."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types

from llm4cov_engine import Author, SessionStore
from tests.lsp.editor import BENCH, CLIENTS, COUNTER, NEOVIM, SECONDS, VSCODE, editing, workspace
from tests.processes import left_by

if TYPE_CHECKING:
    from pathlib import Path

RTL, TB = "rtl/counter.sv", "tb/counter_tb.sv"

pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize("client", CLIENTS)
async def test_errors_appear_while_typing(tmp_path: Path, client: str) -> None:
    async with editing(workspace(tmp_path), client) as editor:
        rtl, bench = editor.open(RTL), editor.open(TB)
        assert await editor.diagnostics(rtl) == []
        assert await editor.diagnostics(bench) == []
        editor.type(rtl, COUNTER.replace("= &count", "= &cuont"))
        (error,) = await editor.diagnostics(rtl)
        assert error.severity == types.DiagnosticSeverity.Error
        assert error.range == types.Range(types.Position(13, 19), types.Position(13, 24))
        editor.type(rtl, COUNTER)
        assert await editor.diagnostics(rtl) == []
        # The testbench is seen with the RTL as it stands in the editor, and the other way round.
        editor.type(rtl, COUNTER.replace("enable", "go"))
        editor.type(bench, BENCH + "\n")
        wrong = next(each for each in await editor.diagnostics(bench) if each.code == "PortDoesNotExist")
        (related,) = wrong.related_information or ()
        assert related.location.uri == rtl


async def test_what_is_open_beside_edited_rtl_is_looked_at_again(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path)) as editor:
        rtl, bench = editor.open(RTL), editor.open(TB)
        assert await editor.diagnostics(rtl) == []
        assert await editor.diagnostics(bench) == []
        editor.type(rtl, COUNTER.replace("enable", "go"))
        await editor.until(lambda: any(each.diagnostics for each in editor.published if each.uri == bench))


async def test_problems_follow_a_text_that_never_rests(tmp_path: Path) -> None:
    """What is known is shown in the newest text, without its version until that was looked at."""
    wrong = COUNTER.replace("= &count", "= &cuont")
    async with editing(workspace(tmp_path)) as editor:
        rtl = editor.open(RTL, wrong)
        await editor.diagnostics(rtl)
        editor.published.clear()
        number = 0
        while sum(bool(each.diagnostics) for each in editor.published) < 3:
            number += 1
            editor.type(rtl, "// more\n" * (number % 7) + wrong)
            await asyncio.sleep(0.002)
        assert all("cuont" in error.message for each in editor.published for error in each.diagnostics)
        (last,) = await editor.diagnostics(rtl)
        assert last.range.start.line == 13 + editor.texts[rtl].count("// more")


async def test_errors_of_the_simulator_stand_in_the_text_after_a_run(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path), settings={"live": {"enabled": False}}) as editor:
        bench = editor.open(TB)
        await editor.diagnostics(bench)
        broken = BENCH.replace("enable = 1;", "enable = undeclared_name;")
        line = broken[: broken.index("undeclared_name")].count("\n")
        editor.type(bench, broken)
        answer = await editor.do("llm4cov.run", {"uri": bench})
        assert answer["status"] == "compile_failed"

        def errors() -> list[types.Diagnostic]:
            last = [each for each in editor.published if each.uri == bench][-1]
            return [each for each in last.diagnostics if each.source == "verilator"]

        error = (await editor.until(errors))[0]
        assert error.severity == types.DiagnosticSeverity.Error
        assert "undeclared_name" in error.message
        assert error.range.start.line == line
        assert "Repair this error" in [each.title for each in await editor.actions(bench, line)]
        # They are of that text, and go with it.
        editor.type(bench, BENCH)
        assert await editor.diagnostics(bench) == []


# The other client's turn in full is the real Neovim's.
@pytest.mark.parametrize("client", [VSCODE, pytest.param(NEOVIM, marks=pytest.mark.slow)])
async def test_coverage_is_run_shown_closed_and_applied(tmp_path: Path, client: str) -> None:
    async with editing(workspace(tmp_path), client) as editor:
        rtl, bench = editor.open(RTL), editor.open(TB)
        await editor.diagnostics(bench)
        assert await editor.lenses(bench) == ["Run", "Close coverage", "Repair"]
        answer = await editor.do("llm4cov.run", {"uri": bench})
        assert answer["status"] == "success"
        assert 0 < answer["score"] < 100

        await editor.until(lambda: editor.holes(rtl))
        (clear,) = [each for each in editor.holes(rtl) if each.range.start.line == 10]
        assert clear.severity == types.DiagnosticSeverity.Information
        assert "round 1 (human)" in await editor.hover(rtl, 9)
        assert "0->1" in await editor.hover(rtl, 4)
        assert (await editor.lenses(rtl))[0].startswith(f"{answer['score']:.1f} %")

        # What was measured is marked as of yesterday when the text moves, and follows its lines.
        editor.type(rtl, "// one more line\n" + COUNTER)
        stale = await editor.diagnostics(rtl)
        assert {each.severity for each in stale} == {types.DiagnosticSeverity.Hint}
        assert 11 in {each.range.start.line for each in stale}
        assert (await editor.lenses(rtl))[0].startswith("~ ")
        editor.type(rtl, COUNTER)

        editor.answers = ["Apply"]
        answer = await editor.do("llm4cov.close", {"uri": bench, "rounds": 2})
        assert answer["score"] > 90
        await editor.until(lambda: editor.applied)
        assert "counter" in editor.texts[bench] != BENCH
        (question,) = editor.questions
        assert "counter_tb.sv" in question.message
        assert (tmp_path / TB).read_text() == BENCH, "only the editor's text is changed"
        if client == VSCODE:
            reports = [each for one in editor.client.progress_reports.values() for each in one]
            assert {getattr(each, "kind", "") for each in reports} == {"begin", "report", "end"}
            assert any("round 1/2: proposing" in (getattr(each, "message", "") or "") for each in reports)

        # What the person edits and runs next is a round of theirs.
        editor.type(bench, editor.texts[bench].replace("endmodule", "// mine\nendmodule", 1))
        await editor.do("llm4cov.run", {"uri": bench})
    with SessionStore.for_folder(tmp_path) as store:
        (summary,) = store.sessions()
        authors = [node.author for node in store.load(summary.id).nodes[1:]]
    assert authors[0] is authors[-1] is Author.HUMAN
    assert Author.BUILTIN in authors


async def test_points_are_waived_with_a_reason(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path)) as editor:
        rtl, bench = editor.open(RTL), editor.open(TB)
        await editor.do("llm4cov.run", {"uri": bench})
        await editor.until(lambda: editor.holes(rtl))
        actions = await editor.actions(rtl, 10)
        waive = next(each for each in actions if each.title.startswith("Waive"))
        editor.answers = ["Covered elsewhere"]
        answer = await editor.choose(waive)
        assert answer["waived"] == 1
        assert "covered by other tests" in (tmp_path / "waivers.toml").read_text()
        await editor.until(lambda: any(each.tags for each in editor.holes(rtl)))
        (grey,) = [each for each in editor.holes(rtl) if each.range.start.line == 10]
        assert grey.tags == (types.DiagnosticTag.Unnecessary,)
        # Without an answer nothing is waived.
        assert await editor.do("llm4cov.waive", {"uri": rtl, "holes": []}) is None


async def test_a_testbench_is_created_and_rounds_are_applied(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path, testbench=False)) as editor:
        rtl = editor.open(RTL)
        await editor.diagnostics(rtl)
        assert await editor.do("llm4cov.run", {"uri": rtl}) is None
        assert "There is no testbench for counter." in editor.messages[-1]
        create = next(each for each in await editor.actions(rtl, 0) if "Create" in each.title)
        answer = await editor.choose(create)
        bench = editor.uri("counter_tb.sv")
        assert answer["uri"] == bench
        assert "counter" in editor.texts[bench]
        assert not (tmp_path / "counter_tb.sv").exists()
        made = editor.texts[bench]
        editor.type(bench, BENCH)
        await editor.do("llm4cov.run", {"uri": bench})
        await editor.until(lambda: editor.statuses[-1].score is not None and not editor.statuses[-1].busy)
        listed = await editor.ask("llm4cov/rounds", {"uri": rtl})
        assert [each["author"] for each in listed["rounds"]] == ["", "builtin", "human"]
        found = await editor.ask("llm4cov/testbench", {"uri": rtl, "round": 1})
        assert found["text"] == made
        apply = next(each for each in await editor.actions(bench, 0) if "round 1" in each.title)
        assert await editor.choose(apply) == {"round": 1}
        assert editor.texts[bench] == made
        # The same by a command, for clients that ask for no edits of actions.
        assert (await editor.do("llm4cov.apply", {"uri": bench, "round": 2}))["applied"]
        assert editor.texts[bench] == BENCH
        covered = await editor.ask("llm4cov/coverage", {"uri": rtl})
        (file,) = covered["files"]
        assert file["uri"] == rtl
        assert 0 < file["lines"]["covered"] <= file["lines"]["total"]


async def test_rounds_are_cancelled_from_the_progress(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path, testbench=False, unseen=True)) as editor:
        rtl = editor.open(RTL)
        await editor.diagnostics(rtl)
        editor.cancel_at = "compiling"
        answer = await editor.do("llm4cov.close", {"uri": rtl})
        assert answer == {"status": "stopped"}
        assert left_by(editor.pid) == []
        await editor.until(lambda: not editor.statuses[-1].busy)


async def test_rounds_are_stopped_by_the_command_and_by_cancelling_the_request(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path, testbench=False, unseen=True)) as editor:
        rtl = editor.open(RTL)
        await editor.diagnostics(rtl)
        running = asyncio.ensure_future(editor.do("llm4cov.close", {"uri": rtl}))
        await editor.reached("compiling")
        assert await editor.do("llm4cov.close", {"uri": rtl}) == {"status": "stopped"}
        assert "busy" in editor.messages[-1]
        assert "Stop" in await editor.lenses(rtl)
        assert (await editor.do("llm4cov.stop", {"uri": rtl}))["stopped"] == 1
        assert await running == {"status": "stopped"}
        assert left_by(editor.pid) == []

        params = types.ExecuteCommandParams("llm4cov.close", [{"uri": rtl}])
        editor.statuses.clear()
        request = editor.client.protocol.send_request(
            types.WORKSPACE_EXECUTE_COMMAND, params, msg_id="to-be-cancelled"
        )
        await editor.reached("compiling")
        editor.client.cancel_request(types.CancelParams("to-be-cancelled"))
        with pytest.raises(Exception, match="cancel"):
            await asyncio.wait_for(asyncio.wrap_future(request), SECONDS)
        assert left_by(editor.pid) == []


async def test_an_edit_made_meanwhile_is_kept_or_the_testbench_refused(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path, unseen=True), settings={"apply": "always"}) as editor:
        bench = editor.open(TB)
        await editor.diagnostics(bench)
        running = asyncio.ensure_future(editor.do("llm4cov.close", {"uri": bench, "rounds": 1}))
        await editor.reached("compiling")
        mine = "\n".join(f"// {line}" for line in BENCH.splitlines())
        editor.type(bench, mine)
        await running
        await editor.until(lambda: any("not applied" in each for each in editor.messages))
        assert editor.texts[bench] == mine
        assert editor.questions == []
