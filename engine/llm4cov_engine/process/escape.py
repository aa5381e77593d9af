"""Finds processes that left their group by a variable they inherited in their environment."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

MARK: Final = "LLM4COV_RUN"
"""Environment variable every descendant of a run inherits, its value unique to the run."""

OWNER: Final = "LLM4COV_OWNER"
"""Environment variable of a companion and of every program it starts: whose they are."""

_SEARCHES: Final = 50
"""How often to look for escaped processes before giving up, 2 ms apart."""

_KERNEL_THREAD: Final = 0x00200000
"""PF_KTHREAD among the flags of /proc/PID/stat."""


def kill_marked(mark: str, leader: int, name: str = MARK) -> None:
    """Kill every process whose environment carries the mark under that name, until none is left.

    Only processes younger than the leader, which must not be reaped yet, are looked at. One that died or is
    caught in the middle of an exec may have left a child behind, so after it the search begins anew.
    """
    entry = f"{name}={mark}".encode()
    oldest = _started(leader)
    bare = {leader}
    for _ in range(_SEARCHES):
        again = False
        for pid in _processes():
            if pid in bare or _started(pid) < oldest:
                continue
            carries = _carries(pid, entry)
            if carries is False:
                continue
            again = True
            if carries:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            elif _has_no_environment(pid):
                bare.add(pid)
        if not again:
            return
        time.sleep(0.002)


def _processes() -> list[int]:
    return [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()]


def _status_fields(pid: int) -> list[str]:
    # The second field is the name in parentheses, which may hold anything.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _started(pid: int) -> int:
    """When a process began, in clock ticks since the machine did; 0 for one that is gone."""
    try:
        return int(_status_fields(pid)[19])
    except OSError:
        return 0


def _has_no_environment(pid: int) -> bool:
    """Whether a process will never show an environment: dead, or a thread of the kernel."""
    try:
        fields = _status_fields(pid)
    except OSError:
        return True
    return fields[0] in "ZX" or bool(int(fields[6]) & _KERNEL_THREAD)


def _carries(pid: int, entry: bytes) -> bool | None:
    """Whether a process carries the mark; None when that cannot be told right now."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except PermissionError:
        return False
    except OSError:
        return None
    return entry in environment.split(b"\0") if environment else None
