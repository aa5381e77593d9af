"""Which processes a run of the engine has started, seen from outside."""

from __future__ import annotations

import time
from pathlib import Path


def started_by(pid: int) -> list[str]:
    """Command lines of living programs that the engine in a process has started.

    They work in a folder named after that process, and carry its number in their environment, also when a
    companion of that process started them; other tests that share the cache folder have other numbers. A
    companion counts once the process it belongs to is gone: before, it may wait for the next work.
    """
    mark = f"-{pid}-"
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == pid:
            continue
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            environment = (entry / "environ").read_bytes().decode(errors="replace")
            where = str((entry / "cwd").readlink())
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if "LLM4COV_OWNER=" in environment and parent == pid:
            continue
        if (
            words
            and "LLM4COV_RUN=" in environment
            and any(mark in text for text in (words, environment, where))
        ):
            found.append(words)
    return found


def seen_of(pid: int, seconds: float = 120) -> list[str]:
    """What it has started, as soon as there is something; nothing when that takes too long.

    Work between two programs has none for a moment, and on a busy machine the moment is long.
    """
    deadline = time.monotonic() + seconds
    while not (seen := started_by(pid)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return seen


def left_by(pid: int, seconds: float = 10) -> list[str]:
    """What is still alive of it when it has had some seconds to end."""
    deadline = time.monotonic() + seconds
    while (left := started_by(pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left
