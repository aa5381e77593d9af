"""Runs a program to its end."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal, cast

from llm4cov_engine.errors import ToolError
from llm4cov_engine.process.escape import MARK, OWNER, kill_marked
from llm4cov_engine.process.launch import start
from llm4cov_engine.process.limits import Finished, Limits, Quota
from llm4cov_engine.process.output import Output
from llm4cov_engine.process.waiting import in_thread, uninterrupted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from plumbum.machines.local import PlumbumLocalPopen

NO_LIMITS: Final = Limits()

SEARCH_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
"""PATH of a started program, which sees nothing of the user's own."""

_DRAIN_SECONDS: Final = 0.5
"""How long to wait for the end of the output once everything that could write it was killed."""

_QUOTA_SECONDS: Final = 0.2
"""How often a quota is looked after."""


async def run(
    program: Path | str,
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    deadline: float | None = None,
    grace: float = 1.0,
    limits: Limits = NO_LIMITS,
    distrusted: bool = False,
    quota: Quota | None = None,
    patient: bool = False,
) -> Finished:
    """Run a program to its end.

    Args:
        program: path, or a name to look up in PATH.
        folder: its working folder.
        environment: what it sees besides PATH, HOME (the working folder), LANG and TMPDIR.
        deadline: seconds until it gets SIGTERM; None waits for ever.
        grace: seconds between SIGTERM and SIGKILL.
        distrusted: it runs code nobody has read, so look for processes that left its group even when it
            ended by itself.
        quota: of the files it writes.
        patient: it does not end at SIGTERM itself, but when a program below it has: it ignores the signal.

    Raises:
        ToolError: the program is missing or does not start.
        StorageError: there is no room or no permission to start it in `folder`.
        asyncio.CancelledError: cancelled; every process is gone by then.
    """
    path = shutil.which(str(program))
    if path is None:
        raise ToolError(f"The program {program} was not found.", "Install it or correct its path.")
    mark = uuid.uuid4().hex
    variables = {
        "PATH": SEARCH_PATH,
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "TMPDIR": str(folder),
        **(environment or {}),
        MARK: mark,
    }
    if OWNER in os.environ:
        variables[OWNER] = os.environ[OWNER]
    began = time.monotonic()
    argv = [*limits.shell_options, "--", path, *arguments]
    started = start(argv, folder, variables, patient=patient)
    running = _Run(started, mark, limits, distrusted, quota)
    finished = await running.finish(began, deadline, grace)
    if finished.code in (126, 127) and finished.output.startswith("sh: ") and path in finished.output:
        raise ToolError(
            f"The program {path} does not start: {finished.output.strip()}",
            "Check that it is executable here and that its folder is not mounted noexec.",
        )
    return finished


class _Run:
    """One started program, until it and all it started are gone."""

    def __init__(
        self, process: PlumbumLocalPopen, mark: str, limits: Limits, distrusted: bool, quota: Quota | None
    ) -> None:
        self._process = process
        self._mark = mark
        self._limits = limits
        self._distrusted = distrusted
        self._output = Output(limits.output_kept)
        self._closed = asyncio.Event()
        self._quota = quota
        self._flooded = asyncio.Event()
        self._overfilled = asyncio.Event()

    async def finish(self, began: float, deadline: float | None, grace: float) -> Finished:
        """Watch the program until it is gone."""
        pipe = self._process.stdout.fileno()
        os.set_blocking(pipe, False)
        loop = asyncio.get_running_loop()
        loop.add_reader(pipe, self._read)
        exited = asyncio.ensure_future(in_thread(self._wait))
        watches = [
            asyncio.ensure_future(self._flooded.wait()),
            *([asyncio.ensure_future(self._watch_quota(self._quota))] if self._quota else []),
        ]
        ends = {exited, *watches}
        timed_out = killed = False
        try:
            await asyncio.wait(ends, timeout=deadline, return_when=asyncio.FIRST_COMPLETED)
            timed_out = not any(end.done() for end in ends)
            if timed_out:
                self._signal_group(signal.SIGTERM)
                await asyncio.wait(ends, timeout=grace, return_when=asyncio.FIRST_COMPLETED)
            killed = not exited.done()
        finally:
            try:
                await uninterrupted(self._bury(exited, by_force=timed_out or not exited.done()))
            finally:
                for watch in watches:
                    watch.cancel()
                await asyncio.wait(watches)
                loop.remove_reader(pipe)
                self._process.stdout.close()
        code = cast("int", self._process.returncode)
        return Finished(
            code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            output=self._output.text(),
            timed_out=timed_out,
            killed=killed,
            flooded=self._flooded.is_set(),
            truncated=self._output.truncated,
            seconds=time.monotonic() - began,
            overfilled=self._overfilled.is_set(),
        )

    async def _watch_quota(self, quota: Quota) -> Literal[True]:
        while not self._overfilled.is_set():
            await asyncio.sleep(_QUOTA_SECONDS)
            if await in_thread(quota.used) > quota.size:
                self._overfilled.set()
        return True

    def _wait(self) -> None:
        # The dead leader is left unburied: while it is there, the group's number belongs to no one else.
        os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)

    async def _bury(self, exited: asyncio.Future[None], *, by_force: bool) -> None:
        """Kill what is left, and take in what was printed until then."""
        self._signal_group(signal.SIGKILL)
        if by_force or self._distrusted:
            await in_thread(lambda: kill_marked(self._mark, self._process.pid))
        await exited
        self._process.wait()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closed.wait(), _DRAIN_SECONDS)

    def _signal_group(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _read(self) -> None:
        pipe = self._process.stdout.fileno()
        try:
            data = os.read(pipe, 1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._closed.set()
            asyncio.get_running_loop().remove_reader(pipe)
            return
        self._output.add(data)
        if self._output.total > self._limits.output_flood:
            self._flooded.set()
