"""What the server keeps of a conversation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from llm4cov_lsp.serving import make_server
from tests.lsp.editor import COUNTER, SECONDS, workspace

if TYPE_CHECKING:
    from pathlib import Path


class Nobody:
    """Takes what is said."""

    def write(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        pass


async def test_nothing_is_kept_of_what_has_been_handled(tmp_path: Path) -> None:
    """pygls keeps the outcome of every notification: kilobytes of each letter that is typed."""
    folder = workspace(tmp_path)
    uri = (folder / "rtl" / "counter.sv").as_uri()
    server = make_server()
    protocol = server.protocol
    protocol.set_writer(Nobody())

    def hear(method: str, params: dict[str, Any], **more: Any) -> None:
        said = {"jsonrpc": "2.0", "method": method, "params": params, **more}
        protocol.handle_message(protocol.structure_message(said))

    hello: dict[str, Any] = {"capabilities": {}, "processId": None, "rootUri": folder.as_uri()}
    hear("initialize", hello, id=1)
    hear("initialized", {})
    item = {"uri": uri, "languageId": "systemverilog", "version": 1, "text": COUNTER}
    hear("textDocument/didOpen", {"textDocument": item})
    for version in range(2, 50):
        change = {"text": f"{COUNTER}// {version}\n"}
        hear(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]},
        )

    try:
        await asyncio.wait_for(server.checks.settled(uri), SECONDS)
        # What handles the last of them has ended with it, or ends in the next moment.
        for _ in range(100):
            await asyncio.sleep(0)
        assert server.live[uri].version == 49
    finally:
        await server.farewell()
    assert protocol._request_futures == {}
