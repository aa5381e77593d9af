"""How much may be built and run at the same time: as much as there are cores and memory for.

Every program that keeps a core busy takes a slot while it runs. Within a process the number of slots holds
strictly. Between the processes of a user it holds for a while: whoever finds all slots taken waits a little,
then goes ahead, so that a long batch elsewhere delays an editor's round and does not stop it.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import platform
import time
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from llm4cov_engine.folders import cache_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_MEMORY: Final = 1 << 30
"""Bytes that a slot's program is given: a C++ compiler on a large model takes half of them."""

_PATIENCE_SECONDS: Final = 0.25
"""How long other processes' programs are waited for."""

_POLL_SECONDS: Final = 0.02

_CONTROL_GROUP: Final = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """Cores this process may keep busy: those it may run on, and no more than its container is given."""
    cores = len(os.sched_getaffinity(0))
    quota, period = _numbers("cpu.max", 2)
    return max(1, min(cores, round(quota / period) if quota and period else cores))


@cache
def slot_count() -> int:
    """Programs that may run at the same time; fixed when it is first asked for."""
    return max(1, min(usable_cores(), usable_memory() // _MEMORY))


def usable_memory() -> int:
    """Bytes of memory that are free, or that the container has left."""
    free = _free_memory()
    (limit,) = _numbers("memory.max", 1)
    (used,) = _numbers("memory.current", 1)
    return min(free, max(0, limit - used)) if limit else free


@asynccontextmanager
async def slot() -> AsyncIterator[None]:
    """Hold a slot; waits for as long as this process's own programs hold all of them."""
    async with _own_slots():
        handle = await _shared_slot()
        try:
            yield
        finally:
            if handle is not None:
                os.close(handle)


_semaphores: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


def _own_slots() -> asyncio.Semaphore:
    loop = asyncio.get_running_loop()
    if loop not in _semaphores:
        _semaphores[loop] = asyncio.Semaphore(slot_count())
    return _semaphores[loop]


async def _shared_slot() -> int | None:
    """A locked file that stands for a slot of this machine; None when all are taken for too long."""
    folder = cache_folder() / "slots" / (platform.node() or "here")
    patience = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for number in range(slot_count()):
                handle = _locked(folder / str(number))
                if handle is not None:
                    return handle
        except OSError:
            # A cache that is only read, or a file system without locks: nothing to agree by.
            return None
        if time.monotonic() > patience:
            return None
        await asyncio.sleep(_POLL_SECONDS)


def _locked(path: Path) -> int | None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except BaseException:
        os.close(handle)
        raise
    return handle


def _numbers(name: str, count: int) -> tuple[int, ...]:
    """Numbers in a file of the control group, 0 where there is none or no limit."""
    words: list[str] = []
    with suppress(OSError):
        words = (_CONTROL_GROUP / name).read_text().split()
    return tuple(int(word) if word.isdigit() else 0 for word in (*words, *[""] * count)[:count])


def _free_memory() -> int:
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    return _MEMORY * usable_cores()
