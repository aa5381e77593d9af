"""Background work that somebody owns: held by reference, awaited at the end, its failures told."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

_log = logging.getLogger(__name__)


class Tasks:
    """The background tasks of a server."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[Any, Any, Any], name: str = "") -> asyncio.Task[Any]:
        """Run something beside everything else."""
        task = asyncio.get_running_loop().create_task(work, name=name or None)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def stop(self) -> None:
        """Cancel everything and wait until it is gone."""
        current = asyncio.current_task()
        while waiting := [task for task in self._running if task is not current]:
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("background work failed: %s", task.get_name(), exc_info=error)


class Latest:
    """Does something about each of several keys, always about the newest request for it.

    Requests that come while the work is under way are answered by doing it once more.

    Args:
        tasks: owns the work.
        work: what to do for a key.
        delay: seconds to wait for further requests before the work begins.
        rests: whether a pause between two times is as long as the last one took, so that requests that never
            end leave room for others.
    """

    def __init__(
        self, tasks: Tasks, work: Callable[[str], Awaitable[None]], delay: float, *, rests: bool = False
    ) -> None:
        self._tasks = tasks
        self._work = work
        self._delay = delay
        self._rests = rests
        self._asked: set[str] = set()
        self._running: dict[str, asyncio.Task[Any]] = {}
        self._ends: dict[str, asyncio.Future[None]] = {}

    def ask(self, key: str) -> None:
        """See to a key soon."""
        self._asked.add(key)
        if key not in self._running:
            self._running[key] = self._tasks.start(self._serve(key), f"latest {key}")

    def forget(self, key: str) -> None:
        """Stop what is being done about a key."""
        self._asked.discard(key)
        if (task := self._running.pop(key, None)) is not None:
            task.cancel()
        self._tell(key)

    async def served(self, key: str) -> None:
        """Wait until something has been done once more about a key, if anything is to be done."""
        if key in self._running:
            await asyncio.shield(self._ends.setdefault(key, asyncio.get_running_loop().create_future()))

    async def settled(self, key: str) -> None:
        """Wait until nothing is left to do about a key."""
        while (task := self._running.get(key)) is not None:
            await asyncio.wait([task])

    async def _serve(self, key: str) -> None:
        loop = asyncio.get_running_loop()
        pause = self._delay
        try:
            while key in self._asked:
                await asyncio.sleep(pause)
                self._asked.discard(key)
                began = loop.time()
                await self._work(key)
                self._tell(key)
                pause = max(self._delay, loop.time() - began if self._rests else 0.0)
        finally:
            if self._running.get(key) is asyncio.current_task():
                del self._running[key]
                self._tell(key)

    def _tell(self, key: str) -> None:
        if (end := self._ends.pop(key, None)) is not None and not end.done():
            end.set_result(None)
