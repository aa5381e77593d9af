"""A hub on loopback that takes commits of the real library and keeps what it was given."""

from __future__ import annotations

import base64
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Hub:
    """What the hub was asked for.

    Attributes:
        url: its address.
        refuses: HTTP status for every request, 0 for none.
        created: bodies of requests for new repositories.
        files: what it was given, by path.
        tokens: what requests showed to be let in.
        cards: texts of cards it was asked to look at.
    """

    url: str = ""
    refuses: int = 0
    created: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    cards: list[str] = field(default_factory=list)


@contextmanager
def hub() -> Iterator[Hub]:
    """Run one as long as the block."""
    kept = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            kept.tokens.append(self.headers.get("Authorization", ""))
            if kept.refuses:
                self._answer({"error": "no"}, kept.refuses)
            elif self.path == "/api/repos/create":
                kept.created.append(json.loads(body))
                self._answer({"url": f"{kept.url}/datasets/me/mine"})
            elif "/preupload/" in self.path:
                files = json.loads(body)["files"]
                modes = [
                    {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in files
                ]
                self._answer({"files": modes})
            elif "/validate-yaml" in self.path:
                kept.cards.append(json.loads(body)["content"])
                self._answer({"errors": [], "warnings": []})
            else:
                for line in body.splitlines():
                    part = json.loads(line)
                    if part["key"] == "file":
                        kept.files[part["value"]["path"]] = base64.b64decode(part["value"]["content"])
                self._answer({"commitUrl": f"{kept.url}/datasets/me/mine/commit/1", "commitOid": "1" * 40})

        def do_GET(self) -> None:
            self._answer({}, kept.refuses or 200)

        def _answer(self, document: object, status: int = 200) -> None:
            data = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
