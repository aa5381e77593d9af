"""A client that sends anything: the server never dies, and answers every request once."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.lsp.editor import BENCH, COUNTER, SECONDS, workspace
from tests.processes import left_by

if TYPE_CHECKING:
    from pathlib import Path

MESSAGES = 400
REQUESTS = (
    "textDocument/hover",
    "textDocument/codeLens",
    "textDocument/inlayHint",
    "textDocument/codeAction",
    "codeAction/resolve",
    "textDocument/documentSymbol",
    "workspace/symbol",
    "llm4cov/coverage",
    "llm4cov/rounds",
    "llm4cov/testbench",
    "textDocument/completion",
    "no/such/method",
)
COMMANDS = ("llm4cov.rounds", "llm4cov.stop", "llm4cov.apply", "llm4cov.goTo", "llm4cov.waive", "no.such")


class Wire:
    """The bare protocol."""

    def __init__(self, server: asyncio.subprocess.Process) -> None:
        assert server.stdin is not None
        assert server.stdout is not None
        self.server = server
        self._in, self._out = server.stdin, server.stdout
        self.answers: dict[Any, list[Any]] = {}
        self.asked: set[Any] = set()
        self.heard = asyncio.Event()

    def raw(self, data: bytes) -> None:
        self._in.write(data)

    def send(self, message: Any) -> None:
        body = json.dumps(message).encode()
        self.raw(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def request(self, identity: Any, method: str, params: Any) -> None:
        self.asked.add(identity)
        self.send({"jsonrpc": "2.0", "id": identity, "method": method, "params": params})

    def notify(self, method: str, params: Any) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    async def listen(self) -> None:
        while header := await self._out.readline():
            if not header.startswith(b"Content-Length"):
                continue
            while (await self._out.readline()).strip():
                pass
            message = json.loads(await self._out.readexactly(int(header.split(b":")[1])))
            if "method" in message and "id" in message:
                self.send({"jsonrpc": "2.0", "id": message["id"], "result": None})
            elif "id" in message:
                self.answers.setdefault(message["id"], []).append(message)
                self.heard.set()

    async def answered(self) -> None:
        while self.asked - self.answers.keys():
            self.heard.clear()
            await self.heard.wait()

    async def ask(self, identity: Any, method: str, params: Any) -> Any:
        self.request(identity, method, params)
        await asyncio.wait_for(self.answered(), SECONDS)
        return self.answers[identity][0]


class Fuzz:
    """Sends what comes to its mind."""

    def __init__(self, seed: int, wire: Wire, uris: list[str]) -> None:
        self.random = random.Random(seed)
        self.wire = wire
        self.uris = uris
        self.number = 100
        self.version = 1

    def step(self) -> None:
        self.random.choice(
            (self.ask, self.ask, self.edit, self.edit, self.garbage, self.command, self.move)
        )()

    def position(self) -> Any:
        numbers = (0, 1, 5, 13, 10**6, 2**31 - 1, -1, 2.5, None, "x")
        weights = (9, 9, 9, 9, 3, 2, 1, 1, 1, 1)
        line, character = self.random.choices(numbers, weights, k=2)
        return {"line": line, "character": character}

    def ask(self) -> None:
        self.number += 1
        reach = {"start": self.position(), "end": self.position()}
        params = {
            "textDocument": {"uri": self.random.choice(self.uris)},
            "position": self.position(),
            "range": reach,
            "context": {"diagnostics": []},
            "query": "round",
            "title": "Apply",
            "data": {"uri": self.random.choice(self.uris), "round": self.random.choice([0, 1, "x"])},
            "uri": self.random.choice([*self.uris, 7, None]),
            "round": self.random.choice([0, 1, -4, "x", 10**30]),
        }
        for key in [key for key in params if self.random.random() < 0.05]:
            params[key] = self.random.choice([None, [], {}, 3, "text"])
        self.wire.request(self.number, self.random.choice(REQUESTS), params)
        if self.random.random() < 0.2:
            self.wire.notify("$/cancelRequest", {"id": self.random.choice([self.number, 1, "none"])})

    def edit(self) -> None:
        self.version += 1
        letters = '`"{}()\n\t\0é𝄞;moduleendbegin $'
        text = "".join(self.random.choices(letters, k=self.random.randrange(40)))
        change = {"range": {"start": self.position(), "end": self.position()}, "text": text}
        if self.random.random() < 0.3:
            change = {"text": self.random.choice([COUNTER, BENCH, "", text])}
        document = {"uri": self.random.choice(self.uris), "version": self.version}
        self.wire.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    def move(self) -> None:
        uri = self.random.choice(self.uris)
        name = self.random.choice(["didOpen", "didClose", "didSave"])
        item = {"uri": uri, "languageId": "systemverilog", "version": 1, "text": COUNTER}
        self.wire.notify(f"textDocument/{name}", {"textDocument": item})

    def command(self) -> None:
        self.number += 1
        argument = self.random.choice(
            [{}, None, 3, "x", {"uri": self.uris[0], "round": -1}, {"holes": [1, {}]}]
        )
        params = {"command": self.random.choice(COMMANDS), "arguments": [argument]}
        self.wire.request(self.number, "workspace/executeCommand", params)

    def garbage(self) -> None:
        bodies: tuple[bytes, ...] = (
            b"{]",
            b"null",
            b"[]",
            b"7",
            b"\xff\xfe",
            b'{"jsonrpc":"2.0"}',
            b'{"jsonrpc":"1.0","method":3}',
        )
        bodies += (b'{"jsonrpc":"2.0","id":77}', b'{"jsonrpc":"2.0","id":[],"method":"x"}', b"[" * 5000)
        body = self.random.choice(bodies)
        line = self.random.choice(
            (b"\r\n\r\n", b"Content-Length: x\r\n\r\n", self.random.randbytes(50) + b"\n")
        )
        framed = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        chosen = self.random.choice((framed, framed, line.replace(b"Content", b"")))
        self.wire.raw(chosen)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3))])
async def test_nothing_a_client_sends_kills_it(tmp_path: Path, seed: int) -> None:
    folder = workspace(tmp_path)
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "llm4cov_lsp", "--log", "critical"),
        stdin=pipe,
        stdout=pipe,
        env=dict(os.environ),
        limit=1 << 22,
    )
    wire = Wire(server)
    listening = asyncio.ensure_future(wire.listen())
    # Too early, and answered all the same.
    refused = await wire.ask("early", "textDocument/hover", {})
    assert refused["error"]["code"] == -32002 or refused["error"]["code"] == -32602
    folders = [{"uri": folder.as_uri(), "name": "one"}]
    hello: dict[str, Any] = {
        "capabilities": {},
        "workspaceFolders": folders,
        "processId": None,
        "rootUri": folder.as_uri(),
    }
    assert "capabilities" in (await wire.ask(1, "initialize", hello))["result"]
    assert "error" in await wire.ask(2, "initialize", hello)
    wire.notify("initialized", {})
    uris = [
        (folder / "rtl" / "counter.sv").as_uri(),
        (folder / "tb" / "counter_tb.sv").as_uri(),
        "untitled:Untitled-1",
        "file:///no/such/place.sv",
        "file://%00%ff",
        "",
    ]
    fuzz = Fuzz(seed, wire, uris)
    for number in range(MESSAGES):
        fuzz.step()
        if number % 50 == 0:
            await server.stdin.drain() if server.stdin else None
            await asyncio.sleep(0.05)
    try:
        await asyncio.wait_for(wire.answered(), SECONDS)
    except TimeoutError:
        pytest.fail(f"no answer to {sorted(wire.asked - wire.answers.keys(), key=str)}")
    assert all(len(answers) == 1 for answers in wire.answers.values())

    # Still right: a document that is opened anew is checked, and its symbols are its own.
    uri = uris[0]
    wire.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    item = {"uri": uri, "languageId": "systemverilog", "version": 1, "text": COUNTER}
    wire.notify("textDocument/didOpen", {"textDocument": item})
    found = await wire.ask("last", "textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    assert [each["name"] for each in found["result"]] == ["counter"]
    await wire.ask("bye", "shutdown", None)
    assert "error" in await wire.ask("late", "textDocument/hover", {})
    wire.notify("exit", None)
    assert await asyncio.wait_for(server.wait(), SECONDS) == 0
    assert left_by(server.pid) == []
    listening.cancel()
