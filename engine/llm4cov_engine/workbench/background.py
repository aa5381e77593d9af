"""Work of the engine in a thread and an event loop of its own, so that no front end ever waits for it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from llm4cov_engine.events import Emit, Event

T = TypeVar("T")
A = TypeVar("A")


async def in_background(work: Callable[[Emit], Coroutine[Any, Any, T]], emit: Emit) -> T:
    """Run `work(emit)` elsewhere and hand its events on in this loop's thread, in their order.

    Recording a round of a large design or reading its coverage takes tenths of a second at a stretch, in
    which a front end's own loop must go on. Cancelling cancels the work and waits until it is gone.
    """
    here = asyncio.get_running_loop()
    done: Future[T] = Future()
    tasks: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[T]]] = []
    started = threading.Event()

    def tell(event: Event) -> None:
        # A front end that has gone away hears nothing more.
        with suppress(RuntimeError):
            here.call_soon_threadsafe(emit, event)

    async def main() -> T:
        task = asyncio.current_task()
        assert task is not None
        tasks.append((asyncio.get_running_loop(), task))
        started.set()
        return await work(tell)

    def run() -> None:
        try:
            result = asyncio.run(main())
        except asyncio.CancelledError:
            done.cancel()
            done.set_running_or_notify_cancel()
        except BaseException as error:  # whatever it is, the caller hears of it
            done.set_exception(error)
        else:
            done.set_result(result)
        finally:
            started.set()

    threading.Thread(target=run, name="llm4cov-work", daemon=True).start()
    waiting = asyncio.wrap_future(done)
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        if not done.done():
            await asyncio.to_thread(started.wait)
            for loop, task in tasks:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(task.cancel)
            await asyncio.wait([waiting])
        raise


def back_in(loop: asyncio.AbstractEventLoop, ask: Callable[..., Awaitable[A]]) -> Callable[..., Awaitable[A]]:
    """A function that background work may await and that runs in the front end's loop."""

    async def call(*values: Any) -> A:
        return await ask(*values)

    async def asked(*values: Any) -> A:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call(*values), loop))

    return asked
