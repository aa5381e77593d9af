"""The worker's own side: carries out one order after another until nobody is there to send more."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from llm4cov_engine.errors import Llm4CovError
from llm4cov_engine.workbench.messages import Answer, Cancel, Ended, Logged, Ready, ReviewOf
from llm4cov_engine.workbench.recording import Recording, Shelf
from llm4cov_engine.workbench.wire import Receiver, Sender

if TYPE_CHECKING:
    from llm4cov_engine.state import State, Transition
    from llm4cov_engine.testbench import Testbench
    from llm4cov_engine.workbench.messages import Reply, Request

_NICE: Final = 5
"""Lower than the front end: what it builds and runs must not keep a person's keys waiting."""

_LEAVE_SECONDS: Final = 20
"""How long an order may take to be cancelled when nobody is left to wait for it."""

_STUCK_SECONDS: Final = 900
"""After so long without a moment for anything else, the process ends: a library never came back."""

_PULSE_SECONDS: Final = 30


def main(handle: int) -> None:
    """Serve the workbench at the other end of a socket."""
    # Keys for a terminal's whole group are for the front end, which decides. No program below inherits this.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    os.nice(_NICE)
    with socket.socket(fileno=handle) as end:
        asyncio.run(_Serving(end).serve())
    # Nothing is left to do, and libraries take their time to be torn down.
    sys.stderr.flush()
    os._exit(0)


class _Serving:
    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._sender = Sender(end)
        self._shelf = Shelf()
        self._task: asyncio.Task[Transition | State] | None = None
        self._answer: asyncio.Future[Testbench | None] | None = None
        self._gone = asyncio.Event()

    async def serve(self) -> None:
        """Carry out what is asked until the other side is gone."""
        logging.getLogger().addHandler(_Handler(self._sender))
        threading.Thread(target=_pulse, daemon=True, name="llm4cov-pulse").start()
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, args=(loop,), daemon=True, name="llm4cov-requests").start()
        await self._gone.wait()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._shelf.close()

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        receiver = Receiver(self._socket)
        with suppress(EOFError, OSError):
            while True:
                loop.call_soon_threadsafe(self._take, receiver.receive())
        # Not even a library that holds the interpreter for ever outlives its front end by much.
        faulthandler.dump_traceback_later(_LEAVE_SECONDS, exit=True)
        loop.call_soon_threadsafe(self._gone.set)

    def _take(self, request: Request) -> None:
        match request:
            case Cancel():
                if self._task is not None:
                    self._task.cancel()
            case Answer(testbench):
                if self._answer is not None and not self._answer.done():
                    self._answer.set_result(testbench)
            case order:
                self._sender.about(order.start.project.design)
                recording = Recording(order, self._shelf, self._tell, self._ask)
                self._task = asyncio.create_task(recording.carry_out())
                self._task.add_done_callback(self._end_order)

    def _end_order(self, task: asyncio.Task[Transition | State]) -> None:
        # In a callback: a task that is cancelled before it began runs no line of its own.
        if task.cancelled():
            self._tell(Ended(is_cancelled=True))
        elif (error := task.exception()) is None:
            self._tell(Ended(task.result()))
        elif isinstance(error, Llm4CovError):
            self._tell(Ended(error=error))
        else:
            # A fault of ours: whoever asked cannot see where, unless it is said in words.
            fault = RuntimeError(f"{type(error).__name__}: {error}")
            fault.add_note("".join(traceback.format_exception(error)))
            self._tell(Ended(error=fault))

    def _tell(self, reply: Reply) -> None:
        # Whoever is gone hears nothing more; what is left to do is done all the same.
        with suppress(OSError):
            self._sender.send(reply)

    async def _ask(self, question: Ready | ReviewOf) -> Testbench | None:
        self._answer = asyncio.get_running_loop().create_future()
        self._tell(question)
        return await self._answer


class _Handler(logging.Handler):
    """Hands what is logged on to the front end's log."""

    def __init__(self, sender: Sender) -> None:
        super().__init__()
        self._sender = sender

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):
            self._sender.send(Logged(record.name, record.levelno, self.format(record)))


def _pulse() -> None:
    """Put off the alarm that ends the process, as long as threads come to their turn."""
    over = threading.Event()
    while True:
        signal.alarm(_STUCK_SECONDS)
        over.wait(_PULSE_SECONDS)
