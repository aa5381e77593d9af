"""What a program may use, and how its run ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use; None is no limit of ours.

    Attributes:
        address_space: bytes of virtual memory, of each process.
        cpu_seconds: processor time of each process.
        file_size: bytes of each file it writes.
        processes: of this user, all programs together.
        stack: bytes of each process's stack.
        open_files: files each process has open at a time.
        output_kept: bytes of output handed back: half from the beginning, half from the end.
        output_flood: bytes of output after which the program is killed.
    """

    address_space: int | None = None
    cpu_seconds: int | None = None
    file_size: int | None = None
    processes: int | None = None
    stack: int | None = None
    open_files: int | None = None
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
        if self.open_files is not None:
            options += ["-n", str(self.open_files)]
        return options


@dataclass(frozen=True, slots=True)
class Quota:
    """What the files a program writes may take together; looked after a few times a second.

    Attributes:
        size: bytes after which the program is killed.
        used: says how many bytes they take now; called in a thread.
    """

    size: int
    used: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended.

    Attributes:
        code: exit code; None when a signal ended it.
        signal: number of the signal that ended it; None when it exited.
        output: what it printed, both streams in the order of arrival; the middle left out when `truncated`.
        timed_out: the deadline passed; it was asked to end, and killed when it did not.
        killed: it had to be killed: by the deadline's grace, the flood or the quota.
        flooded: it printed more than it may.
        truncated: `output` is not all of it.
        seconds: wall-clock seconds.
        overfilled: its files took more than the quota.
    """

    code: int | None
    signal: int | None
    output: str
    timed_out: bool
    killed: bool
    flooded: bool
    truncated: bool
    seconds: float
    overfilled: bool = False

    @property
    def ok(self) -> bool:
        """Ended by itself with exit code 0."""
        return self.code == 0 and not (self.timed_out or self.flooded or self.overfilled)
