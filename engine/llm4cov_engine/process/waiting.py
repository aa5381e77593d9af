"""Awaiting several things, blocking things, and things that must not be interrupted."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Result = TypeVar("Result")


async def together(*work: Awaitable[Result]) -> list[Result]:
    """Await several things at once; the first failure cancels the others and is raised when they are gone."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await uninterrupted(asyncio.wait(tasks))
    for task in tasks:
        if not task.cancelled() and task.exception() is not None:
            task.result()
    return [task.result() for task in tasks]


async def uninterrupted(work: Awaitable[Result]) -> Result:
    """Await work to its end even when cancelled meanwhile; the cancellation is raised afterwards."""
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
        except Exception:  # raised by task.result() below
            break
    if cancelled:
        # The work's own failure matters less than the wish to stop.
        task.exception()
        raise asyncio.CancelledError
    return task.result()


async def in_thread(work: Callable[[], Result]) -> Result:
    """Run blocking work in a thread of its own; a cancellation is raised when the work is done.

    Not in the event loop's pool: waits for long programs would fill it, and the kills that end those waits
    would stand in the queue behind them.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def deliver(result: Result | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def body() -> None:
        result: Result | None = None
        failure: BaseException | None = None
        try:
            result = work()
        except BaseException as error:  # handed to whoever awaits
            failure = error
        with suppress(RuntimeError):  # the loop is closed: nobody awaits any more
            loop.call_soon_threadsafe(deliver, result, failure)

    threading.Thread(target=body, daemon=True, name="llm4cov-wait").start()
    return await uninterrupted(future)
