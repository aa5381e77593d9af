"""Checks of texts in a process beside the server: the parser holds the interpreter as long as it works."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from llm4cov_engine import LiveProblem

_log = logging.getLogger(__name__)

_DEADLINE = 30
"""Seconds after which a check that has not ended never will."""


Check: TypeAlias = "Callable[[], tuple[LiveProblem, ...]]"
"""A look at a text, which travels to the process: a `partial` of `check_rtl` or `check_testbench`."""


class Checker:
    """The process that checks texts, begun when the first one is to be checked.

    A text may be the end of it, by crashing the parser or by keeping it for ever: nothing is found in that
    text then, and the next one gets a new process. It ends with the server, however that ends.

    Args:
        deadline: whole seconds that a check may take.
    """

    def __init__(self, deadline: int = _DEADLINE) -> None:
        self._deadline = deadline
        self._running: tuple[SpawnProcess, Connection] | None = None
        self._is_closed = False
        # Of the process's beginning and end; checks come one at a time.
        self._lock = Lock()

    @property
    def pid(self) -> int | None:
        """Number of the process; None while there is none."""
        running = self._running
        return running[0].pid if running is not None else None

    def problems(self, check: Check) -> tuple[LiveProblem, ...]:
        """Problems of a text; none when they could not be found. Blocks, without holding the interpreter."""
        try:
            connection = self._connection()
            if connection is None:
                return ()
            connection.send(check)
            found = connection.recv()
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

    def _connection(self) -> Connection | None:
        with self._lock:
            if self._is_closed:
                return None
            if self._running is None:
                context = multiprocessing.get_context("spawn")
                here, there = context.Pipe()
                process = context.Process(
                    target=_serve, args=(there, self._deadline), name="llm4cov-check", daemon=True
                )
                process.start()
                # Held there only, so that each side sees the other one go.
                there.close()
                self._running = process, here
            return self._running[1]

    def _drop(self) -> None:
        with self._lock:
            running, self._running = self._running, None
            if running is not None:
                running[0].kill()
                running[0].join()


def _serve(connection: Connection, deadline: int) -> None:
    """Check what comes until nobody is there to send more."""
    # Ctrl-C goes to the whole group, and the server decides. What is printed must not fall into its answers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(sys.stderr.fileno(), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    with suppress(EOFError, OSError):
        while True:
            check: Check = connection.recv()
            signal.alarm(deadline)
            try:
                found: tuple[LiveProblem, ...] | str = check()
            except Exception as error:
                found = f"{type(error).__name__}: {error}"
            signal.alarm(0)
            connection.send(found)
