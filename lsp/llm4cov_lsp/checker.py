"""Checks of texts in a process beside the server: the parser holds the interpreter as long as it works."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from llm4cov_engine import LiveProblem

_log = logging.getLogger(__name__)

_DEADLINE = 30
"""Seconds after which a check that has not ended never will."""

_READY = "ready"

_MOST_CHECKS = 2000
"""Checks of one process: what the parser and the allocator keep of each of them ends with it."""


Check: TypeAlias = "Callable[[], tuple[LiveProblem, ...]]"
"""A look at a text, which travels to the process: a `partial` of `check_rtl` or `check_testbench`."""


class Checker:
    """The process that checks texts, begun when it is warmed or the first one is to be checked.

    A text may be the end of it, by crashing the parser or by keeping it for ever: nothing is found in that
    text then, and the next one gets a new process. It ends with the server, however that ends. After many
    checks another one takes its place, as soon as that is ready, so that no check waits for it.

    Args:
        deadline: whole seconds that a check may take.
        most: checks after which a process is replaced.
    """

    def __init__(self, deadline: int = _DEADLINE, most: int = _MOST_CHECKS) -> None:
        self._deadline = deadline
        self._most = most
        self._running: _Process | None = None
        self._next: _Process | None = None
        self._is_closed = False
        # Of the processes' beginning and end; checks come one at a time.
        self._lock = Lock()

    @property
    def pid(self) -> int | None:
        """Number of the process; None while there is none."""
        running = self._running
        return running.pid if running is not None else None

    def warm(self) -> None:
        """Begin the process ahead of the first check."""
        self._process()

    def problems(self, check: Check) -> tuple[LiveProblem, ...]:
        """Problems of a text; none when they could not be found. Blocks, without holding the interpreter."""
        try:
            process = self._process()
            if process is None:
                return ()
            found = process.answer(check)
        except (EOFError, OSError) as error:
            if not self._is_closed:
                _log.warning("a text could not be checked: %s", error or "its check came to an early end")
            self._drop()
            return ()
        if isinstance(found, str):
            _log.error("a text could not be checked: %s", found)
            return ()
        return tuple(found)

    def close(self) -> None:
        """End the process, in the middle of a check too, and begin no other."""
        self._is_closed = True
        self._drop()
        self._drop()

    def _process(self) -> _Process | None:
        with self._lock:
            if self._is_closed:
                return None
            running, following = self._running, self._next
            if running is None:
                self._running, self._next = following or _Process(self._deadline), None
            elif following is not None and following.is_ready:
                self._running, self._next = following, None
                running.end()
            elif following is None and running.checks >= self._most:
                self._next = _Process(self._deadline)
            return self._running

    def _drop(self) -> None:
        """End the process; the one that was to follow takes its place."""
        with self._lock:
            running, self._running, self._next = self._running, self._next, None
            if running is not None:
                running.end()


class _Process:
    """A process that checks texts, one after another, until it is ended.

    Attributes:
        checks: that it was asked for.
    """

    def __init__(self, deadline: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, there = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(there, deadline), name="llm4cov-check", daemon=True
        )
        self._process.start()
        # Held there only, so that each side sees the other one go.
        there.close()
        self._was_heard = False
        self.checks = 0

    @property
    def pid(self) -> int | None:
        """Its number."""
        return self._process.pid

    @property
    def is_ready(self) -> bool:
        """Whether a check would begin at once; also true of one that has died."""
        return self._was_heard or self._connection.poll()

    def answer(self, check: Check) -> tuple[LiveProblem, ...] | str:
        """Problems of a text, or why they could not be found.

        Raises:
            EOFError, OSError: the process is gone.
        """
        if not self._was_heard:
            self._connection.recv()
            self._was_heard = True
        self.checks += 1
        self._connection.send(check)
        found: tuple[LiveProblem, ...] | str = self._connection.recv()
        return found

    def end(self) -> None:
        """End it, whatever it is at."""
        self._process.kill()
        self._process.join()


def _serve(connection: Connection, deadline: int) -> None:
    """Check what comes until nobody is there to send more."""
    # Ctrl-C goes to the whole group, and the server decides. What is printed must not fall into its answers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(sys.stderr.fileno(), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    with suppress(EOFError, OSError):
        import_module("llm4cov_engine.elaboration.checking")
        connection.send(_READY)
        while True:
            check: Check = connection.recv()
            signal.alarm(deadline)
            try:
                found: tuple[LiveProblem, ...] | str = check()
            except Exception as error:
                found = f"{type(error).__name__}: {error}"
            signal.alarm(0)
            connection.send(found)
