"""The only place that starts a program.

A program gets its own session, an environment of its own, limits, a deadline and a bound on what is kept of
its output. Whatever way a run ends (by itself, at its deadline, flooding, cancelled), nothing it started is
alive afterwards: its process group is killed, and processes that left the group are found by a variable they
inherited in their environment.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import signal
import threading
import time
import uuid
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT
from typing import TYPE_CHECKING, Final, TypeVar, cast

from plumbum.machines.local import LocalCommand, LocalEnv, LocalMachine

from llm4cov_engine.errors import StorageError, ToolError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from plumbum.machines.local import PlumbumLocalPopen

Result = TypeVar("Result")

MARK: Final = "LLM4COV_RUN"
"""Environment variable every descendant of a run inherits, its value unique to the run."""

SEARCH_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
"""PATH of a started program, which sees nothing of the user's own."""

_DRAIN_SECONDS: Final = 0.5
"""How long to wait for the end of the output once everything that could write it was killed."""

_SEARCHES: Final = 50
"""How often to look for escaped processes before giving up, 2 ms apart."""

_KERNEL_THREAD: Final = 0x00200000
"""PF_KTHREAD among the flags of /proc/PID/stat."""

# The shell sets the limits in the child, between fork and exec, where Python must not run code of its own;
# what a limit cannot be set to is already stricter. The number of processes is -u to bash and -p to dash.
_LAUNCH: Final = """
while [ "$1" != -- ]; do
    ulimit "$1" "$2" 2>/dev/null || { [ "$1" = -u ] && ulimit -p "$2" 2>/dev/null; }
    shift 2
done
shift
exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use; None is no limit of ours.

    Attributes:
        address_space: bytes of virtual memory, of each process.
        cpu_seconds: processor time of each process.
        file_size: bytes of each file it writes.
        processes: of this user, all programs together.
        stack: bytes of each process's stack.
        output_kept: bytes of output handed back: half from the beginning, half from the end.
        output_flood: bytes of output after which the program is killed.
    """

    address_space: int | None = None
    cpu_seconds: int | None = None
    file_size: int | None = None
    processes: int | None = None
    stack: int | None = None
    output_kept: int = 256 * 1024
    output_flood: int = 64 * 1024 * 1024

    @property
    def shell_options(self) -> list[str]:
        """As options and values of `ulimit`; core dumps are always off."""
        options = ["-c", "0"]
        if self.address_space is not None:
            options += ["-v", str(max(1, self.address_space // 1024))]
        if self.cpu_seconds is not None:
            options += ["-t", str(self.cpu_seconds)]
        if self.file_size is not None:
            options += ["-f", str(max(1, self.file_size // 512))]
        if self.stack is not None:
            options += ["-s", str(self.stack // 1024)]
        if self.processes is not None:
            options += ["-u", str(self.processes)]
        return options


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended.

    Attributes:
        code: exit code; None when a signal ended it.
        signal: number of the signal that ended it; None when it exited.
        output: what it printed, both streams in the order of arrival; the middle left out when `truncated`.
        timed_out: the deadline passed; it was asked to end, and killed when it did not.
        killed: it had to be killed: by the deadline's grace, or by the flood.
        flooded: it printed more than it may.
        truncated: `output` is not all of it.
        seconds: wall-clock seconds.
    """

    code: int | None
    signal: int | None
    output: str
    timed_out: bool
    killed: bool
    flooded: bool
    truncated: bool
    seconds: float

    @property
    def ok(self) -> bool:
        """Ended by itself with exit code 0."""
        return self.code == 0 and not (self.timed_out or self.flooded)


async def run(
    program: Path | str,
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    deadline: float | None = None,
    grace: float = 1.0,
    limits: Limits = Limits(),
    distrusted: bool = False,
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
    began = time.monotonic()
    argv = [*limits.shell_options, "--", path, *arguments]
    running = _Run(_start(argv, folder, variables), mark, limits, distrusted)
    finished = await running.finish(began, deadline, grace)
    if finished.code in (126, 127) and finished.output.startswith("sh: ") and path in finished.output:
        raise ToolError(
            f"The program {path} does not start: {finished.output.strip()}",
            "Check that it is executable here and that its folder is not mounted noexec.",
        )
    return finished


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


class _EmptyMachine(LocalMachine):
    """A plumbum machine without the variables of this process, among them API keys."""

    __slots__ = ()
    env = LocalEnv()


_EmptyMachine.env.clear()
_machine = _EmptyMachine()


class _Command(LocalCommand):
    __slots__ = ()

    @property
    def machine(self) -> LocalMachine:
        return _machine


def _start(argv: Sequence[str], folder: Path, environment: Mapping[str, str]) -> PlumbumLocalPopen:
    try:
        command = _Command(_machine.path("/bin/sh"))["-c", _LAUNCH, "sh"][list(argv)]
        process = command.popen(
            cwd=str(folder),
            env=dict(environment),
            new_session=True,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
        )
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.ENOENT):
            raise StorageError(
                f"No program can be started in {folder}: {error.strerror}.",
                "Make room or set LLM4COV_CACHE_DIR to a folder that can be written.",
            ) from error
        raise ToolError(
            f"No program can be started: {error.strerror or error}.",
            "Close other programs, shorten the arguments or raise the limits of this user.",
        ) from error
    return cast("PlumbumLocalPopen", process)


class _Output:
    """Bounded memory of what a program printed: its beginning and its end."""

    def __init__(self, kept: int) -> None:
        self.total = 0
        self._half = max(1, kept // 2)
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = self._half - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if data:
            self._tail.append(data)
            self._tail_size += len(data)
            while self._tail_size - len(self._tail[0]) >= self._half:
                self._tail_size -= len(self._tail.popleft())

    @property
    def truncated(self) -> bool:
        return self.total > len(self._head) + min(self._tail_size, self._half)

    def text(self) -> str:
        tail = b"".join(self._tail)
        if not self.truncated:
            return (bytes(self._head) + tail).decode("utf-8", "replace")
        tail = tail[-self._half :]
        missing = self.total - len(self._head) - len(tail)
        head_text, tail_text = self._head.decode("utf-8", "replace"), tail.decode("utf-8", "replace")
        return f"{head_text}\n[... {missing} bytes left out ...]\n{tail_text}"


class _Run:
    """One started program, until it and all it started are gone."""

    def __init__(self, process: PlumbumLocalPopen, mark: str, limits: Limits, distrusted: bool) -> None:
        self._process = process
        self._mark = mark
        self._limits = limits
        self._distrusted = distrusted
        self._output = _Output(limits.output_kept)
        self._closed = asyncio.Event()
        self._flooded = asyncio.Event()

    async def finish(self, began: float, deadline: float | None, grace: float) -> Finished:
        """Watch the program until it is gone."""
        pipe = self._process.stdout.fileno()
        os.set_blocking(pipe, False)
        loop = asyncio.get_running_loop()
        loop.add_reader(pipe, self._read)
        exited = asyncio.ensure_future(in_thread(self._wait))
        flooded = asyncio.ensure_future(self._flooded.wait())
        timed_out = killed = False
        try:
            await asyncio.wait({exited, flooded}, timeout=deadline, return_when=asyncio.FIRST_COMPLETED)
            timed_out = not exited.done() and not flooded.done()
            if timed_out:
                self._signal_group(signal.SIGTERM)
                await asyncio.wait({exited, flooded}, timeout=grace, return_when=asyncio.FIRST_COMPLETED)
            killed = not exited.done()
        finally:
            try:
                await uninterrupted(self._bury(exited, by_force=timed_out or not exited.done()))
            finally:
                flooded.cancel()
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
        )

    def _wait(self) -> None:
        # The dead leader is left unburied: while it is there, the group's number belongs to no one else.
        os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)

    async def _bury(self, exited: asyncio.Future[None], *, by_force: bool) -> None:
        """Kill what is left, and take in what was printed until then."""
        self._signal_group(signal.SIGKILL)
        if by_force or self._distrusted:
            await in_thread(lambda: _kill_marked(self._mark, self._process.pid))
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


def _kill_marked(mark: str, leader: int) -> None:
    """Kill every process whose environment carries the mark, until none is left.

    Only processes younger than the leader, which must not be reaped yet, are looked at. One that died or is
    caught in the middle of an exec may have left a child behind, so after it the search begins anew.
    """
    entry = f"{MARK}={mark}".encode()
    oldest = _started(leader)
    bare = {leader}
    for _ in range(_SEARCHES):
        again = False
        for pid in _processes():
            if pid in bare or _started(pid) < oldest:
                continue
            carries = _carries(pid, entry)
            if carries is False:
                continue
            again = True
            if carries:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            elif _has_no_environment(pid):
                bare.add(pid)
        if not again:
            return
        time.sleep(0.002)


def _processes() -> list[int]:
    return [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()]


def _status_fields(pid: int) -> list[str]:
    # The second field is the name in parentheses, which may hold anything.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _started(pid: int) -> int:
    """When a process began, in clock ticks since the machine did; 0 for one that is gone."""
    try:
        return int(_status_fields(pid)[19])
    except OSError:
        return 0


def _has_no_environment(pid: int) -> bool:
    """Whether a process will never show an environment: dead, or a thread of the kernel."""
    try:
        fields = _status_fields(pid)
    except OSError:
        return True
    return fields[0] in "ZX" or bool(int(fields[6]) & _KERNEL_THREAD)


def _carries(pid: int, entry: bytes) -> bool | None:
    """Whether a process carries the mark; None when that cannot be told right now."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except PermissionError:
        return False
    except OSError:
        return None
    return entry in environment.split(b"\0") if environment else None
