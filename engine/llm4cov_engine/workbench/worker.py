"""The process that rounds run in, seen from the front end."""

from __future__ import annotations

import asyncio
import logging
import pickle
import threading
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from llm4cov_engine.errors import ToolError
from llm4cov_engine.process import Companion, in_thread, uninterrupted
from llm4cov_engine.workbench.messages import Begun, Cancel, Ended, Logged
from llm4cov_engine.workbench.wire import Receiver, Sender

if TYPE_CHECKING:
    from collections.abc import Callable

    from llm4cov_engine.workbench.messages import Answer, Order, Reply

    Take = Callable[[Reply], None]

_MAIN: Final = "llm4cov_engine.workbench.serving:main"

_STOP_SECONDS: Final = 20.0
"""How long the worker may take to say that nothing is left; a library may keep it from hearing."""

_IDLE_SECONDS: Final = 600.0
"""How long a worker without an order stays: a person with many designs has many."""

_END_SECONDS: Final = 2.0
"""How long a worker at rest may take to end."""


class Worker:
    """The process of a workbench, begun when it is needed first and again when it has ended or died.

    Works on one order at a time, and ends when nothing was asked of it for long. Ends with this object, and
    with this process however that ends.
    """

    def __init__(self) -> None:
        self._process: _Process | None = None
        self._lock = threading.Lock()
        self._finalize: weakref.finalize[[], Worker] | None = None
        self._is_closed = False

    @property
    def pid(self) -> int | None:
        """Number of the process; None while there is none."""
        process = self._process
        return process.companion.pid if process is not None and not process.is_over else None

    def warm(self) -> None:
        """Begin the process ahead of need, unless this is closed. Blocks for some milliseconds.

        Raises:
            ToolError: it cannot be started.
        """
        if not self._is_closed:
            self._started().rest()

    async def begin(self, order: Order, begun: Callable[[str], None]) -> Work:
        """Have an order carried out.

        Args:
            begun: hears the id of the session, in another thread, before anything is heard of its rounds.

        Raises:
            ToolError: no process can be started.
        """
        work = Work(asyncio.get_running_loop(), begun)

        def begin() -> None:
            while True:
                work.process = self._started()
                if work.process.begin(order, work.hear):
                    return

        await in_thread(begin)
        return work

    def close(self) -> None:
        """End the process. Blocks until it is gone."""
        self._is_closed = True
        with self._lock:
            if self._finalize is not None:
                self._finalize()
            self._process = None

    def _started(self) -> _Process:
        with self._lock:
            if self._process is None or self._process.is_over:
                if self._finalize is not None:
                    self._finalize.detach()
                self._process = _Process()
                self._finalize = weakref.finalize(self, self._process.end)
            return self._process


class Work:
    """An order under way.

    Attributes:
        process: that carries it out.
    """

    process: _Process

    def __init__(self, loop: asyncio.AbstractEventLoop, begun: Callable[[str], None]) -> None:
        self._loop = loop
        self._begun = begun
        self._replies: asyncio.Queue[Reply | Exception] = asyncio.Queue()

    async def next(self) -> Reply:
        """The next thing the worker says; `Ended` is the last one.

        Raises:
            Exception: what somebody else gave up with; see `fail`.
        """
        reply = await self._replies.get()
        if isinstance(reply, Exception):
            raise reply
        return reply

    def fail(self, error: Exception) -> None:
        """Let whoever waits for the next reply have an error; in the loop's thread."""
        self._replies.put_nowait(error)

    async def answer(self, answer: Answer) -> None:
        """Answer a question."""
        await self._send(answer)

    async def stop(self, take: Take) -> None:
        """Cancel it; returns when nothing is left of it. What is said meanwhile goes to `take`."""
        await uninterrupted(self._stop(take))

    def hear(self, reply: Reply) -> None:
        """Take in what the worker says; called in another thread."""
        heard: Reply | Exception = reply
        if isinstance(reply, Begun):
            try:
                self._begun(reply.session)
            except Exception as error:  # whoever waits hears of it
                heard = error
        # A front end that has gone away hears nothing more.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._replies.put_nowait, heard)

    async def _stop(self, take: Take) -> None:
        # Not waited for: one that does not read takes in nothing, until it is killed.
        sending = asyncio.ensure_future(self._send(Cancel()))
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                while not isinstance(reply := await self.next(), Ended):
                    take(reply)
        except TimeoutError:
            await in_thread(self.process.kill)
        await sending

    async def _send(self, message: Answer | Cancel) -> None:
        # A worker that does not read for a moment holds up nobody's loop.
        await in_thread(lambda: self.process.send(message))


class _Process:
    """A worker process and the thread that hears it.

    Attributes:
        is_over: whether it takes no more orders: it is gone, or about to be.
    """

    def __init__(self) -> None:
        self.companion = Companion(_MAIN)
        self.is_over = False
        self._sender = Sender(self.companion.socket)
        self._receiver = Receiver(self.companion.socket)
        self._take: Take | None = None
        self._lock = threading.Lock()
        self._idle = threading.Timer(_IDLE_SECONDS, self._end_of_rest)
        threading.Thread(target=self._hear, daemon=True, name="llm4cov-worker").start()

    def begin(self, order: Order, take: Take) -> bool:
        """Send an order; what comes of it goes to `take`, in the hearing thread. False when it is over."""
        with self._lock:
            if self.is_over:
                return False
            self._idle.cancel()
            self._receiver.about(order.start.project.design)
            self._take = take
        self.send(order)
        return True

    def rest(self) -> None:
        """Let it end when nothing is asked of it for long."""
        with self._lock:
            if self._take is None and not self.is_over:
                self._idle.cancel()
                self._idle = threading.Timer(_IDLE_SECONDS, self._end_of_rest)
                self._idle.daemon = True
                self._idle.start()

    def send(self, message: Order | Answer | Cancel) -> None:
        """Send a message; to a worker that has died, nothing, for its death is told apart."""
        with suppress(OSError):
            self._sender.send(message)

    def end(self) -> None:
        """Let it end."""
        self.is_over = True
        self._idle.cancel()
        self.companion.end(_END_SECONDS)

    def _end_of_rest(self) -> None:
        with self._lock:
            if self._take is not None:
                return
            self.is_over = True
        self.companion.end(_END_SECONDS)

    def kill(self) -> None:
        """Kill it with everything below it."""
        self.is_over = True
        self.companion.kill()

    def _hear(self) -> None:
        try:
            while True:
                reply = self._receiver.receive()
                if isinstance(reply, Logged):
                    logging.getLogger(reply.logger).log(reply.level, "%s", reply.text)
                    continue
                take = self._take
                if isinstance(reply, Ended):
                    self._take = None
                    self.rest()
                if take is not None:
                    take(reply)
        except (EOFError, OSError, pickle.UnpicklingError):
            pass  # the end, also in the middle of a message
        finally:
            self._receiver.close()
            self._tell_death()

    def _tell_death(self) -> None:
        """Bury it; whoever waits for an order hears of it."""
        how, words = self.companion.kill()
        with self._lock:
            self._idle.cancel()
            was_over, self.is_over = self.is_over, True
            take, self._take = self._take, None
        if words and not was_over:
            logging.getLogger(__name__).error("the last words of a worker that died:\n%s", words)
        if take is not None:
            error = ToolError(
                f"The process that runs the rounds died in the middle of its work ({how}).",
                "All rounds that were over are kept: go on from there, and report it if it happens again.",
            )
            take(Ended(error=error))
