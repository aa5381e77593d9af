"""Datasets of the hub, read by the real library from a hub on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.dataset.rows import codev, row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.importorskip("datasets")

COMMIT = "a" * 40


def lines(*rows: Any) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in rows)


def card(*configurations: str) -> bytes:
    return f"---\nconfigs:\n{''.join(configurations)}---\n".encode()


def configuration(name: str, *splits: str) -> str:
    files = "".join(f"  - split: {split}\n    path: {split}.jsonl\n" for split in splits)
    return f"- config_name: {name}\n  data_files:\n{files}"


ROWS = lines(row("a", targets=None, difficulty="easy"), row("b", targets=None, difficulty=None), row("a"))
REPOSITORIES = {
    "me/one": {"README.md": card(configuration("default", "eval")), "eval.jsonl": ROWS},
    "me/splits": {
        "README.md": card(configuration("default", "train", "eval")),
        "train.jsonl": lines(row("7", targets=None, difficulty="hard")),
        "eval.jsonl": ROWS,
    },
    "me/subsets": {
        "README.md": card(configuration("sft", "train"), configuration("rl", "train")),
        "train.jsonl": lines(codev("7")),
    },
}


class _Hub(BaseHTTPRequestHandler):
    """As much of the hub as reading needs."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].lstrip("/")
        is_file = "/resolve/" in path
        name = "/".join(path.removeprefix("api/").split("/")[1:3])
        files = REPOSITORIES.get(name)
        if files is None:
            self._answer(b"{}", 404, {"X-Error-Code": "RepoNotFound"})
        elif is_file:
            content = files.get(path.rpartition("/")[2])
            headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{"b" * 40}"'}
            if content is None:
                self._answer(b"{}", 404, headers | {"X-Error-Code": "EntryNotFound"})
            else:
                self._answer(content, 200, headers)
        elif "/tree/" in path:
            tree = [
                {"type": "file", "oid": "b" * 40, "size": len(each), "path": file}
                for file, each in files.items()
            ]
            self._answer(json.dumps(tree).encode())
        else:
            siblings = [{"rfilename": file} for file in files]
            self._answer(json.dumps({"id": name, "sha": COMMIT, "siblings": siblings}).encode())

    def _answer(self, content: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def hub() -> Iterator[str]:
    """Run one as long as the block; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


READ = """
import json, sys
from llm4cov_engine.dataset.reading import read_dataset
from llm4cov_engine.dataset.sources import HubOptions
from llm4cov_engine.errors import Llm4CovError
for name, options in json.loads(sys.argv[1]):
    try:
        found = read_dataset(name, None, HubOptions(**options))
    except Llm4CovError as error:
        print(json.dumps([type(error).__name__, error.what, error.remedy]))
    else:
        designs = [[entry.id, entry.difficulty, entry.design().top] for entry in found.entries]
        print(json.dumps([found.name, designs, [each.why for each in found.skipped]]))
"""


def read(folder: Path, address: str, *asked: tuple[str, dict[str, str]]) -> list[Any]:
    """What a process of its own reads: the library looks for its hub when it is imported."""
    done = subprocess.run(
        [sys.executable, "-c", READ, json.dumps(asked)],
        cwd=folder,
        env={**os.environ, "HF_ENDPOINT": address, "HF_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_datasets_of_the_hub_are_read(tmp_path: Path) -> None:
    with hub() as address:
        one, chosen, question, splits, subsets, gone = read(
            tmp_path,
            address,
            ("me/one", {}),
            ("me/splits", {"split": "eval"}),
            ("me/subsets", {"subset": "sft", "split": "train", "revision": COMMIT}),
            ("me/splits", {}),
            ("me/subsets", {}),
            ("me/gone", {}),
        )
    designs = [["a", "easy", "inverter"], ["b", "", "inverter"]]
    assert one == ["me/one", designs, ["its id stands in row 1 already"]]
    assert chosen == ["me/splits", designs, ["its id stands in row 1 already"]]
    assert question == ["me/subsets", [["7", "", "inverter"]], []]
    assert splits[0] == "SettingsError"
    assert splits[2] == "Choose one with --split: train, eval."
    assert subsets[0] == "SettingsError"
    assert subsets[2] == "Choose one with --subset: sft, rl."
    assert gone[:2] == ["ToolError", "me/gone of the hub is not there, or not for everybody."]


def test_a_hub_that_nobody_answers_for_says_so(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "http://127.0.0.1:9", ("me/one", {}))
    assert found[:2] == ["ToolError", "me/one of the hub cannot be reached."]
