"""How long the language server makes a person wait, while they type fast and a run is under way.

Three designs are open. One client types 50 edits a second into them, asks for a hover after every other edit,
and notes how long answers take; meanwhile coverage of one design after the other is being closed. Every edit
types another wrong name, so that diagnostics tell which text they are of: an edit is done when diagnostics of
it, or of a later one in the same file, have arrived. Then it types 10,000 edits more and watches the memory.
How much of it is the parser's own is said first: a check of each file, alone, in one process.

    .venv/bin/python benchmarks/lsp_latency.py [--seconds 30] [--edits 10000]

Times are milliseconds of wall clock, "loaded" with the run and "quiet" without. On a machine with other work
start it with a raised priority (`nice -n -10`), or say what else the machine did.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lsprotocol import types
from pytest_lsp import client_capabilities, make_test_lsp_client

from llm4cov_engine import DesignOptions, Workbench, check_rtl

ROOT = Path(__file__).resolve().parents[1]
PAUSE = 1 / 50
CPUS = {"picosoc": "pythondata_cpu_picorv32", "ibex_top": "pythondata_cpu_ibex"}


def repositories(folder: Path) -> dict[str, Path]:
    """Designs to open, by top, and a file of each: small, mid-size and as large as people's get."""
    shutil.copytree(ROOT / "examples" / "uart_fifo", folder / "uart_fifo")
    found = {"uart_fifo": folder / "uart_fifo" / "rtl" / "uart_rx.sv"}
    for top, package in CPUS.items():
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            continue
        source = next(p for p in Path(spec.submodule_search_locations[0]).iterdir() if "verilog" in p.name)
        shutil.copytree(source, folder / top)
        (folder / top / "llm4cov.toml").write_text(f'[design]\ntop = "{top}"\n')
        found[top] = next((folder / top).rglob(f"{top}.*v"))
    return found


TYPED = re.compile(r"typed_(\d+)")


class Typist:
    """A client that types wrong names at the end of documents and asks for hovers.

    Attributes:
        sent: when an edit was made, by document and number; until diagnostics of it or a later one are there.
        diagnosed: milliseconds that took.
        arrivals: how often diagnostics of a text not seen yet came.
    """

    def __init__(self, client: Any, files: dict[str, Path]) -> None:
        self.client = client
        self.uris = [path.as_uri() for path in files.values()]
        self.lines = {path.as_uri(): len(path.read_text().splitlines()) for path in files.values()}
        self.versions = dict.fromkeys(self.uris, 1)
        self.heard = asyncio.Event()
        self.sent: dict[str, dict[int, float]] = {uri: {} for uri in self.uris}
        self.hovers: list[float] = []
        self.diagnosed: list[float] = []
        self.arrivals = 0
        client.protocol.fm.features.pop(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, None)
        client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda params: self._on_diagnostics(params))
        for path in files.values():
            item = types.TextDocumentItem(path.as_uri(), "systemverilog", 1, path.read_text())
            client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def _on_diagnostics(self, params: types.PublishDiagnosticsParams) -> None:
        now = time.perf_counter()
        seen = max((int(n) for each in params.diagnostics for n in TYPED.findall(each.message)), default=0)
        waiting = self.sent.get(params.uri, {})
        done = [number for number in waiting if number <= seen]
        self.diagnosed += [1000 * (now - waiting.pop(number)) for number in done]
        self.arrivals += bool(done)
        self.heard.set()

    def edit(self, number: int) -> str:
        """Another name in the last line of one of the documents."""
        uri = self.uris[number % len(self.uris)]
        self.versions[uri] += 1
        line = self.lines[uri]
        reach = types.Range(types.Position(line, 0), types.Position(line, 40))
        change = types.TextDocumentContentChangePartial(reach, f"`typed_{self.versions[uri]}")
        identifier = types.VersionedTextDocumentIdentifier(version=self.versions[uri], uri=uri)
        self.sent[uri][self.versions[uri]] = time.perf_counter()
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))
        return uri

    async def hover(self, uri: str, line: int) -> None:
        """Ask, and note how long the answer took."""
        began = time.perf_counter()
        position = types.Position(line % self.lines[uri], 8)
        await self.client.text_document_hover_async(
            types.HoverParams(types.TextDocumentIdentifier(uri), position)
        )
        self.hovers.append(1000 * (time.perf_counter() - began))

    async def type(self, edits: int, *, pause: float, hovers: bool = True) -> None:
        """Type at a steady pace."""
        asked: set[asyncio.Task[None]] = set()
        due = time.perf_counter()
        for number in range(edits):
            uri = self.edit(number)
            if hovers and number % 2:
                task = asyncio.ensure_future(self.hover(uri, number))
                asked.add(task)
                task.add_done_callback(asked.discard)
            due += pause
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        if asked:
            await asyncio.wait(asked)

    async def one_by_one(self, edits: int) -> None:
        """Type a letter and wait until it has been looked at: the time a person sees, ten times a second."""
        for number in range(edits):
            await asyncio.sleep(0.1)
            uri = self.edit(number)
            while self.sent[uri]:
                self.heard.clear()
                await self.heard.wait()

    async def rest(self) -> None:
        """Wait until everything typed has been looked at; forget what was noted."""
        while any(self.sent.values()):
            self.heard.clear()
            await self.heard.wait()
        self.hovers, self.diagnosed, self.arrivals = [], [], 0


def told(name: str, times: list[float]) -> str:
    """A row of the table."""
    if not times:
        return f"{name:38}{0:>7}"
    ordered = sorted(times)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.95, 0.99)]
    return f"{name:38}{len(times):>7}{at[0]:>9.1f}{at[1]:>9.1f}{at[2]:>9.1f}{max(times):>9.1f}"


def memory(pid: int) -> float:
    """Resident megabytes of a process; 0 for one that has gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return int(text.split("VmRSS:")[1].split()[0]) / 1024 if "VmRSS:" in text else 0.0


def children(pid: int) -> list[int]:
    """Processes that a process has begun."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(each) for names in lists for each in names.read_text().split()]


def floor(folder: Path, files: dict[str, Path], checks: int = 20) -> None:
    """The parser's own time for a check of each file."""
    for top, path in files.items():
        workbench = Workbench.open(folder / top, DesignOptions(top=top))
        design, name, text = workbench.design, path.relative_to(folder / top).as_posix(), path.read_text()
        workbench.close_files()
        times = []
        for number in range(checks):
            began = time.process_time()
            check_rtl(design, name, f"{text}`typed_{number}")
            times.append(1000 * (time.process_time() - began))
        size = sum(len(file.text) for file in (*design.sources, *design.headers)) / 1000
        print(told(f"parser's time, {top}, {size:.0f} kB", times))


async def main(seconds: float, edits: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        files = repositories(Path(name))
        client: Any = make_test_lsp_client()
        print(f"designs: {', '.join(files)}; load average {os.getloadavg()[0]:.1f}")
        print(f"{'milliseconds':38}{'count':>7}{'median':>9}{'p95':>9}{'p99':>9}{'worst':>9}")
        floor(Path(name), files)
        typist = await opened(client, Path(name), files)
        await typist.one_by_one(30)
        await typist.rest()
        await typist.one_by_one(90)
        print(told("one edit to its diagnostics, quiet", typist.diagnosed))
        await typist.rest()
        await at_full_speed(typist, seconds / 2, "quiet")
        enough = asyncio.Event()
        closing = asyncio.ensure_future(close_again(client, files, enough))
        await at_full_speed(typist, seconds, "loaded")
        await typist.one_by_one(60)
        print(told("one edit to its diagnostics, loaded", typist.diagnosed))
        enough.set()
        await command(client, "llm4cov.stop", {})
        await closing
        print(f"load average {os.getloadavg()[0]:.1f}")
        await grow(client, typist, edits)
        await client.shutdown_session()
        await client.stop()


async def at_full_speed(typist: Typist, seconds: float, name: str) -> None:
    """Fifty edits a second, and what came of them."""
    await typist.type(int(seconds / PAUSE), pause=PAUSE)
    print(told(f"hover at 50 edits/s, {name}", typist.hovers))
    print(told(f"edit to diagnostics, {name}", typist.diagnosed))
    rate = typist.arrivals / seconds / len(typist.uris)
    print(f"{'':38}{typist.arrivals:>7} times: {rate:.1f} a second and file")
    await typist.rest()


async def opened(client: Any, folder: Path, files: dict[str, Path]) -> Typist:
    """A client of a fresh server with every file open and looked at."""
    await client.start_io(sys.executable, "-m", "llm4cov_lsp", "--log", "critical")
    folders = [types.WorkspaceFolder(uri=folder.as_uri(), name="all")]
    capabilities = client_capabilities("visual-studio-code")
    await client.initialize_session(
        types.InitializeParams(capabilities=capabilities, workspace_folders=folders, root_uri=folder.as_uri())
    )
    # A client that cannot be asked: what rounds bring is not taken.
    client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)(lambda *_: None)
    for own in ("llm4cov/status", types.WORKSPACE_CODE_LENS_REFRESH, types.CLIENT_REGISTER_CAPABILITY):
        client.feature(own)(lambda *_: None)
    return Typist(client, files)


async def command(client: Any, name: str, argument: dict[str, Any]) -> None:
    await client.workspace_execute_command_async(types.ExecuteCommandParams(name, [argument]))


async def close_again(client: Any, files: dict[str, Path], enough: asyncio.Event) -> None:
    """Keep a run under way."""
    for path in itertools.cycle(files.values()):
        if enough.is_set():
            return
        await command(client, "llm4cov.close", {"uri": path.as_uri(), "rounds": 1})


async def grow(client: Any, typist: Typist, edits: int) -> None:
    """Type as fast as it is taken and watch the memory of the server and of the processes beside it."""
    pid = client._server.pid
    own, others = [], []
    for _ in range(10):
        await typist.type(edits // 10, pause=0.0005, hovers=False)
        await typist.rest()
        own.append(memory(pid))
        others.append(sum(memory(each) for each in children(pid)))
    for name, sizes in (("the server", own), ("beside it", others)):
        first, last = statistics.mean(sizes[:3]), statistics.mean(sizes[-3:])
        print(f"memory over {edits} edits, {name}: {first:.0f} MB at first, {last:.0f} MB at last")
        print("           " + " ".join(f"{size:.0f}" for size in sizes))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30, help="to type while a run is under way")
    parser.add_argument("--edits", type=int, default=10_000, help="to type while memory is watched")
    chosen = parser.parse_args()
    asyncio.run(main(chosen.seconds, chosen.edits))
