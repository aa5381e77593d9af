"""A second interpreter: it talks, ends when it is left, and takes all it has started with it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from llm4cov_engine.process import Companion

if TYPE_CHECKING:
    import pytest


def is_running(pid: int) -> bool:
    """Whether a process is there and not just unburied by the one it was left to."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_it_talks_and_ends_by_itself(capfd: pytest.CaptureFixture[str]) -> None:
    companion = Companion("tests.engine.companions:echo")
    companion.socket.sendall(b"hello")
    assert companion.socket.recv(1000) == b"HELLO"
    assert companion.pid != os.getpid()
    companion.end(60)
    assert companion.kill() == ("exit code 0", "")
    assert not Path(f"/proc/{companion.pid}").exists()
    assert capfd.readouterr() == ("", "")


def test_one_that_stays_is_killed() -> None:
    companion = Companion("time:sleep")
    companion.end(0)
    assert companion.kill()[0] == "signal SIGKILL"
    assert not Path(f"/proc/{companion.pid}").exists()


def test_how_it_died_and_its_last_words_are_kept() -> None:
    companion = Companion("tests.engine.companions:crash")
    assert companion.socket.recv(1) == b""
    while is_running(companion.pid):
        time.sleep(0.01)
    how, words = companion.kill()
    assert how == "signal SIGABRT"
    assert words.startswith("a last word")
    # Where it was, for whoever has to find out.
    assert "in crash" in words
    companion.end(60)


def test_what_it_has_started_goes_with_it(tmp_path: Path) -> None:
    companion = Companion("tests.engine.companions:start_a_program")
    companion.socket.sendall(str(tmp_path).encode())
    assert companion.socket.recv(100) == b"started"
    pid = int((tmp_path / "pid").read_text())
    assert f"LLM4COV_OWNER=-{os.getpid()}-" in Path(f"/proc/{pid}/environ").read_text()
    companion.kill()
    assert not is_running(pid)


def test_it_sees_what_this_process_can_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "only_here.py").write_text(
        "import socket\n\ndef main(handle):\n    socket.socket(fileno=handle).sendall(b'found')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    companion = Companion("only_here:main")
    assert companion.socket.recv(100) == b"found"
    companion.end(60)
