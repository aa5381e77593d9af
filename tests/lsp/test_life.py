"""How the server lives with its world: settings, folders, missing tools, and how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types

from tests.lsp.editor import BENCH, COUNTER, NEOVIM, SECONDS, VSCODE, editing, workspace
from tests.processes import left_by

if TYPE_CHECKING:
    from pathlib import Path

RTL, TB = "rtl/counter.sv", "tb/counter_tb.sv"

pytestmark = pytest.mark.timeout(900)


async def test_several_folders_have_a_design_each(tmp_path: Path) -> None:
    one, other = workspace(tmp_path / "one"), workspace(tmp_path / "other")
    (other / RTL).write_text(COUNTER.replace("enable", "go"))
    async with editing(one, more=(other,)) as editor:
        first, second = editor.open(TB), editor.open("../other/" + TB, BENCH)
        assert await editor.diagnostics(first) == []
        codes = {each.code for each in await editor.diagnostics(second)}
        assert "PortDoesNotExist" in codes


async def test_a_folder_without_a_plain_top_is_read_by_what_the_document_is_about(tmp_path: Path) -> None:
    folder = workspace(tmp_path)
    (folder / "rtl" / "other.sv").write_text(COUNTER.replace("module counter", "module other"))
    async with editing(folder) as editor:
        bench, rtl = editor.open(TB), editor.open("rtl/other.sv")
        assert await editor.diagnostics(bench) == []
        assert (await editor.lenses(bench))[0] == "Run"
        assert await editor.diagnostics(rtl) == []
        assert "Close coverage" in await editor.lenses(rtl)


async def test_rtl_around_a_module_is_no_testbench_for_it(tmp_path: Path) -> None:
    """Where any of several modules may be the top, each file is read as what is in it."""
    folder = workspace(tmp_path)
    pair = "module pair(input logic clk, rst_n, output logic [3:0] count);\n"
    pair += "  counter u(.clk, .rst_n, .enable(1'b1), .clear(1'b0), .count, .full());\n"
    pair += "  wires w(.count);\nendmodule\n"
    (folder / "rtl" / "pair.sv").write_text(pair)
    (folder / "rtl" / "wires.sv").write_text("module wires(input logic [3:0] count);\nendmodule\n")
    (folder / "rtl" / "other.sv").write_text("module other(input logic a, output logic b);\nendmodule\n")
    async with editing(folder) as editor:
        for name in ("rtl/counter.sv", "rtl/pair.sv", "rtl/wires.sv", TB):
            uri = editor.open(name)
            assert await editor.diagnostics(uri) == [], name
            assert ("Repair" in await editor.lenses(uri)) == (name == TB)
        broken = editor.open("rtl/other.sv", "module other(input logic a,\n  assign = ;\n")
        assert await editor.diagnostics(broken), "a text that no design can be made of is parsed at least"


@pytest.mark.parametrize("name", ["my repository ü", "100%41"])
async def test_folders_whose_names_are_written_otherwise_in_addresses_are_like_others(
    tmp_path: Path, name: str
) -> None:
    async with editing(workspace(tmp_path / name), settings={"codeLens": {"enabled": False}}) as editor:
        rtl, bench = editor.open(RTL), editor.open(TB, BENCH.replace(".enable", ".go"))
        assert await editor.diagnostics(rtl) == []
        wrong = next(each for each in await editor.diagnostics(bench) if each.code == "PortDoesNotExist")
        (related,) = wrong.related_information or ()
        assert related.location.uri == rtl
        assert await editor.lenses(rtl) == []
        assert [each.title for each in await editor.actions(rtl, 0)][:1] == ["Close coverage of counter"]
        assert editor.statuses == []
        editor.close(bench)
        await editor.until(
            lambda: (editor.published[-1].uri, editor.published[-1].diagnostics) == (bench, ())
        )


async def test_a_testbench_that_is_emptied_and_written_again_stays_one(tmp_path: Path) -> None:
    """It never becomes a design of its own, as long as it has no ports."""
    async with editing(workspace(tmp_path)) as editor:
        bench = editor.open(TB)
        assert (await editor.lenses(bench))[0] == "Run"
        for text in ("", "module counter_tb;\nendmodule\n", "module counter_tb; logic = ; endmodule"):
            editor.type(bench, text)
            await editor.diagnostics(bench)
        editor.type(bench, BENCH)
        assert await editor.diagnostics(bench) == []
        assert await editor.lenses(bench) == ["Run", "Close coverage", "Repair"]


@pytest.mark.parametrize("client", [VSCODE, NEOVIM])
async def test_settings_hold_and_change_live(tmp_path: Path, client: str) -> None:
    settings = {"live": {"enabled": False}, "codeLens": {"enabled": False}}
    async with editing(workspace(tmp_path), client, settings=settings) as editor:
        rtl = editor.open(RTL, "module counter; wrong endmodule")
        assert await editor.diagnostics(rtl) == []
        assert await editor.lenses(rtl) == []
        editor.client.set_configuration({"holes": {"severity": "loud"}}, section="llm4cov")
        params = types.DidChangeConfigurationParams({"llm4cov": {"holes": {"severity": "loud"}}})
        editor.client.workspace_did_change_configuration(params)
        await editor.until(lambda: any(each.diagnostics for each in editor.published if each.uri == rtl))
        assert any("llm4cov.holes.severity" in each for each in editor.messages)


async def test_a_project_that_cannot_be_read_is_told_once_and_read_again(tmp_path: Path) -> None:
    folder = workspace(tmp_path, settings="[design]\ntopp = 'x'\n")
    async with editing(folder) as editor:
        rtl = editor.open(RTL)
        for number in range(5):
            editor.type(rtl, COUNTER + f"// {number}\n")
            await editor.diagnostics(rtl)
        (said,) = editor.messages
        assert "topp" in said
        assert "Did you mean 'top'?" in said
        toml = editor.uri("llm4cov.toml")
        (folder / "llm4cov.toml").write_text("[design]\n")
        change = types.FileEvent(toml, types.FileChangeType.Changed)
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
        await editor.until(lambda: any(each.uri == rtl for each in editor.published[-1:]))
        editor.type(rtl, COUNTER.replace("&count", "&cuont"))
        assert len(await editor.diagnostics(rtl)) == 1


async def test_a_missing_simulator_is_one_message_with_a_remedy(tmp_path: Path) -> None:
    folder = workspace(tmp_path, settings='[simulator]\nverilator = "/nowhere/verilator"\n')
    async with editing(folder) as editor:
        bench = editor.open(TB)
        await editor.diagnostics(bench)
        await editor.do("llm4cov.run", {"uri": bench})
        (said,) = editor.messages
        assert "verilator" in said


async def test_saved_rtl_is_read_again(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path)) as editor:
        rtl, bench = editor.open(RTL), editor.open(TB)
        await editor.diagnostics(bench)
        editor.type(rtl, COUNTER.replace("enable", "go"))
        editor.save(rtl, RTL)
        editor.close(rtl)
        editor.type(bench, BENCH + "\n")
        await editor.until(lambda: any(each.diagnostics for each in editor.published if each.uri == bench))


async def test_it_ends_in_the_middle_of_a_round_when_asked_to(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path, testbench=False, unseen=True)) as editor:
        rtl = editor.open(RTL)
        running = asyncio.ensure_future(editor.do("llm4cov.close", {"uri": rtl}))
        await editor.reached("compiling")
        pid = editor.pid
    assert left_by(pid) == []
    running.cancel()


@pytest.mark.parametrize("way", ["terminated", "deserted"])
async def test_it_ends_in_the_middle_of_a_round_when_left_alone(tmp_path: Path, way: str) -> None:
    context = editing(workspace(tmp_path, testbench=False, unseen=True))
    editor = await context.__aenter__()
    rtl = editor.open(RTL)
    running = asyncio.ensure_future(editor.do("llm4cov.close", {"uri": rtl}))
    await editor.reached("compiling")
    pid, server = editor.pid, editor.client._server
    assert server is not None
    if way == "terminated":
        os.kill(pid, signal.SIGTERM)
    else:
        assert server.stdin is not None
        server.stdin.close()
    assert await asyncio.wait_for(server.wait(), SECONDS) == 1
    assert left_by(pid) == []
    running.cancel()
    await editor.client.stop()


async def test_one_client_is_served_at_a_port(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "llm4cov_assist", "lsp", "--tcp", "127.0.0.1:0"]
    server = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE, cwd=tmp_path)
    assert server.stderr is not None
    line = (await asyncio.wait_for(server.stderr.readline(), SECONDS)).decode()
    port = int(line.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    def send(body: str) -> None:
        writer.write(f"Content-Length: {len(body)}\r\n\r\n{body}".encode())

    send('{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}')
    assert b"Content-Length" in await asyncio.wait_for(reader.readline(), SECONDS)
    send('{"jsonrpc": "2.0", "id": 2, "method": "shutdown"}')
    send('{"jsonrpc": "2.0", "method": "exit"}')
    assert await asyncio.wait_for(server.wait(), SECONDS) == 0
    writer.close()


async def test_an_address_that_is_none_is_wrong_usage() -> None:
    command = [sys.executable, "-m", "llm4cov_lsp", "--tcp", "nowhere"]
    server = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, said = await server.communicate()
    assert server.returncode == 2
    assert b"HOST:PORT" in said
