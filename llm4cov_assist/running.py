"""Running engine work from a synchronous command so that every way out of it is clean."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

Result = TypeVar("Result")

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run engine work to its end.

    Ctrl-C, a kill and a closed terminal cancel the work, which ends every process it started; work that
    keeps its best result on cancellation may return it all the same.

    Raises:
        KeyboardInterrupt: the work was cancelled and had nothing to return.
    """

    async def guarded() -> Result:
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, task.cancel)
        try:
            return await work
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
