"""A second interpreter beside this one, for work that would hold this one up or bring it down."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Final

from llm4cov_engine.errors import ToolError
from llm4cov_engine.process.escape import MARK, OWNER, kill_marked

if TYPE_CHECKING:
    from typing import IO

_LAST_WORDS: Final = 4000
"""Bytes from the end of what it wrote to standard error."""

_PAUSE: Final = 0.005
"""Seconds between two looks whether it has ended."""


class Companion:
    """A Python process of the same installation, which talks through a pair of sockets.

    Not one of multiprocessing's: those run the main script of this process anew, whatever that is, and
    start a process more. It and every program that `run` starts in it carry this process's number in their
    environment. It sees the end of the socket when this process is gone, and has to go then.

    Args:
        main: "module:function", called there with the file descriptor of its socket.

    Attributes:
        socket: the end of this side.
        pid: its number.
    """

    def __init__(self, main: str) -> None:
        module, _, function = main.partition(":")
        self._owner = f"-{os.getpid()}-{uuid.uuid4().hex}"
        self._lock = Lock()
        self._words = ""
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (kept until it is buried)
        self.socket, there = socket.socketpair()
        # What this process can import, that one can.
        code = f"import sys; sys.path[:] = {sys.path!r}; from {module} import {function} as main; main("
        try:
            with there:
                self._process = subprocess.Popen(
                    [sys.executable, "-X", "faulthandler", "-c", f"{code}{there.fileno()})"],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=self._errors,
                    pass_fds=[there.fileno()],
                    env={**os.environ, OWNER: self._owner, MARK: uuid.uuid4().hex},
                )
        except OSError as error:
            self.socket.close()
            self._errors.close()
            raise ToolError(
                f"No process can be started beside this one: {error.strerror or error}.",
                "Close other programs or raise the limits of this user.",
            ) from error
        self.pid = self._process.pid

    def end(self, seconds: float) -> None:
        """Let it end by itself, as the end of the socket tells it to; kill it when it does not. Blocks."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
        over = time.monotonic() + seconds
        while (
            time.monotonic() < over and self._process.returncode is None and not self._has_ended(os.WNOHANG)
        ):
            time.sleep(_PAUSE)
        self.kill()

    def kill(self) -> tuple[str, str]:
        """Kill it and everything it has started; how it ended, in words, and its last words. Blocks."""
        with self._lock:
            if self._process.returncode is None:
                os.kill(self.pid, signal.SIGKILL)
                # Not yet buried, it keeps its number and its age for itself.
                self._has_ended(0)
                kill_marked(self._owner, self.pid, OWNER)
                self._process.wait()
                self._words = self._last_words()
                self.socket.close()
        code = self._process.returncode
        return f"exit code {code}" if code >= 0 else _signal_name(-code), self._words

    def _has_ended(self, flags: int) -> bool:
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | flags) is not None
        except ChildProcessError:  # buried meanwhile, in another thread
            return True

    def _last_words(self) -> str:
        with self._errors as errors:
            errors.seek(max(0, errors.seek(0, os.SEEK_END) - _LAST_WORDS))
            return errors.read().decode(errors="replace").strip()


def _signal_name(number: int) -> str:
    try:
        return f"signal {signal.Signals(number).name}"
    except ValueError:
        return f"signal {number}"
