"""The command in a real terminal: tmux holds the screen, keys go in, what is painted comes out."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.processes import left_by, seen_of
from tests.tui.project import ENDLESS, STRONG, WEAK, make, script

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")

COMMAND = [sys.executable, "-m", "llm4cov_assist", "tui"]


class Terminal:
    """A terminal with the assistant in it."""

    def __init__(self, server: str) -> None:
        self._server = server

    def tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._server, "-f", "/dev/null", *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        return done.stdout

    def end(self) -> None:
        """Take the terminal away from what runs in it."""
        subprocess.run(["tmux", "-L", self._server, "kill-server"], capture_output=True, check=False)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.tmux("send-keys", key)

    def type(self, text: str) -> None:
        self.tmux("send-keys", "-l", text)

    @property
    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    @property
    def pid(self) -> int:
        return int(self.tmux("display-message", "-p", "#{pane_pid}"))

    def until(self, *words: str, seconds: float = 90) -> str:
        """Wait until the screen holds one of these."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            screen = self.screen
            if any(word in screen for word in words):
                return screen
            time.sleep(0.1)
        raise AssertionError(f"none of {words} in:\n{self.screen}")

    def until_dead(self, seconds: float = 60) -> None:
        """Wait until the program has ended."""
        end = time.monotonic() + seconds
        while self.tmux("display-message", "-p", "#{pane_dead}").strip() != "1":
            assert time.monotonic() < end, self.screen
            time.sleep(0.1)

    @property
    def at_rest(self) -> str:
        """The screen, as soon as it stands still."""
        end = time.monotonic() + 60
        before, now = "", self.screen
        while before != now:
            assert time.monotonic() < end, now
            time.sleep(0.7)
            before, now = now, self.screen
        return now

    def resize(self, width: int, height: int) -> None:
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def until_gone(self, words: str, seconds: float = 90) -> None:
        """Wait until the screen holds this no more."""
        end = time.monotonic() + seconds
        while words in self.screen:
            assert time.monotonic() < end, self.screen
            time.sleep(0.1)


@contextmanager
def terminal(folder: Path, *arguments: str, size: tuple[int, int] = (120, 40)) -> Iterator[Terminal]:
    held = Terminal(f"llm4cov-{uuid.uuid4().hex[:8]}")
    kept = {name: value for name, value in os.environ.items() if name.startswith("LLM4COV_")}
    settings = [part for name, value in kept.items() for part in ("-e", f"{name}={value}")]
    width, height = size
    held.tmux(
        "new-session", "-d", "-x", str(width), "-y", str(height), "-c", str(folder), *settings,
        "env", "-u", "COLUMNS", "-u", "LINES", "TERM=xterm-256color", "COLORTERM=truecolor",
        *COMMAND, *arguments,
    )  # fmt: skip
    # What the program leaves on the screen when it ends stays there to be read.
    held.tmux("set-option", "-g", "remain-on-exit", "on")
    try:
        yield held
    finally:
        held.end()


@pytest.mark.slow
def test_from_an_example_to_a_dataset(tmp_path: Path) -> None:
    with terminal(tmp_path) as held:
        held.until("1  Open an example")
        held.press("1")
        held.until("Open which example")
        held.type("lock")
        held.press("Enter")
        held.until("lock_timer_tb.sv")
        held.press("F7")
        held.until("Accept (a)")
        held.press("A")
        held.until("closed", "Round 3", "#3", seconds=240)
        held.until("automatic")
        held.press("F9")
        held.press("F1")
        held.until("Search for commands", "Run the testbench")
        held.type("export the session")
        held.until("Write its rounds")
        held.press("Enter")
        held.until("Export as")
        held.press("Enter")
        held.until("Into which folder")
        held.press("Enter")
        held.until("Exported")
        dataset = tmp_path / "lock_timer" / "dataset"
        assert (dataset / "manifest.json").exists()
        assert list(dataset.glob("*.jsonl"))
        held.press("C-q")
        held.until_dead()


def test_killed_in_mid_round_and_opened_again(tmp_path: Path) -> None:
    root = make(tmp_path)
    policy = script(tmp_path, WEAK, STRONG)
    with terminal(root, "--policy", policy, size=(80, 24)) as held:
        held.until("1  Open an example")
        held.press("Escape")
        held.until_gone("1  Open an example")
        held.press("F7")
        held.until("Accept (a)")
        held.press("a")
        held.until("Rounds 1")
        # The second round is under way; in the editor stands half a thought.
        held.until("Accept (a)")
        held.press("M-Left")
        held.until_gone("Accept (a)")
        held.type("// half a thought")
        held.until("box_tb.sv ●")
        drafts = root / ".llm4cov" / "drafts"
        end = time.monotonic() + 60
        while not any(drafts.glob("*.json")) and time.monotonic() < end:
            time.sleep(0.1)
        killed = held.pid
        os.kill(killed, signal.SIGKILL)
        assert left_by(killed) == []
        held.until_dead()
    with terminal(root, size=(80, 24)) as held:
        screen = held.until("Rounds 1")
        assert "// half a thought" in screen
        assert "box_tb.sv ●" in screen
        held.press("C-l")
        held.until("goes on after")  # the rest may be on the next line
        held.press("C-q")
        held.until_dead()


def test_a_terminal_that_is_closed_in_mid_round_leaves_nothing(tmp_path: Path) -> None:
    root = make(tmp_path)
    with terminal(root, "--policy", script(tmp_path, ENDLESS)) as held:
        held.until("1  Open an example")
        held.press("Escape")
        held.until_gone("1  Open an example")
        held.press("C-t", "F7")
        held.until("simulating")
        pid = held.pid
        assert seen_of(pid)
        held.end()
        end = time.monotonic() + 60
        while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
            time.sleep(0.1)
        assert not Path(f"/proc/{pid}").exists()
        assert left_by(pid) == []


def test_what_is_painted_in_parts_is_what_is_painted_as_a_whole(tmp_path: Path) -> None:
    root = make(tmp_path)
    with terminal(root, "--policy", script(tmp_path, WEAK)) as held:
        held.until("1  Open an example")
        held.press("Escape")
        held.until_gone("1  Open an example")
        held.press("C-t", "F7")
        held.until("Rounds 1")
        # Every kind of change that is not drawn as a whole: text, cursor, lists, tabs, panes, conversation.
        held.press("C-l")
        held.type("exercise [everything] else")
        held.press("C-p")
        held.until("Go to file")
        held.type("step")
        held.until_gone("rtl/box.sv ")
        held.press("Enter")
        held.until("endcase")
        held.press("F8", "Down", "Down", "PageDown", "PageUp", "M-Left")
        held.until_gone("endcase")
        held.type("// one // two")
        held.press("Enter", "BSpace", "Up", "Home", "F4", "F4", "C-b", "C-b")
        held.at_rest  # noqa: B018 (until the panes are where they were)
        for letter, seen in (("r", "start"), ("o", "metric")):
            held.press("C-o")
            held.until("Press a letter")
            held.press(letter)
            held.until_gone("Press a letter")
            held.until(seen)
            held.press("Down", "Up")
        held.press("Down", "Down", "s", "s")
        parts = held.at_rest
        held.resize(110, 40)
        held.until_gone(parts)
        held.resize(120, 40)
        end = time.monotonic() + 60
        while held.screen != parts:
            assert time.monotonic() < end, f"{parts}\n{held.screen}"
            time.sleep(0.1)
        held.press("C-q")
        held.until_dead()
