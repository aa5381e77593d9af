"""Runs programs in a box."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llm4cov_engine.errors import ToolError
from llm4cov_engine.process import NO_LIMITS, Finished, Limits, Quota, run
from llm4cov_engine.sandbox.access import SYSTEM, Access

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CANNOT_START: Final = 125
"""The launcher's exit code when the program was never started (launcher.cpp)."""

_SIGNAL_BASE: Final = 128
"""bubblewrap tells a signal by an exit code above this."""

# Rights of root are dropped by the launcher, which needs a few of them to do so.
_BUBBLEWRAP: Final = ("--unshare-all", "--die-with-parent", "--proc", "/proc", "--dev", "/dev")
_SEALED: Final = ("--remount-ro", "/dev", "--remount-ro", "/")


class Kind(StrEnum):
    """Kinds of boxes, the strongest first."""

    BUBBLEWRAP = "bubblewrap"
    LANDLOCK = "landlock"
    LIMITS = "limits"


@dataclass(frozen=True, slots=True)
class Box:
    """A way to run programs nobody vouches for.

    Attributes:
        kind: what keeps them in. LIMITS keeps nothing in: only time, memory, files and output are bounded.
        launcher: our own program that starts them; None for LIMITS.
        bubblewrap: the bwrap program; None for other kinds.
        lands: of BUBBLEWRAP, Landlock works here too: tools that build need no namespaces then, which take
            several milliseconds each time.
        isolates: use namespaces where this user may make them (LANDLOCK).
        why: for LIMITS, why there is nothing stronger.
    """

    kind: Kind
    launcher: Path | None = None
    bubblewrap: Path | None = None
    lands: bool = False
    isolates: bool = True
    why: str = ""

    async def run(
        self,
        program: Path,
        arguments: Sequence[str],
        *,
        folder: Path,
        access: Access,
        environment: Mapping[str, str] | None = None,
        deadline: float | None = None,
        grace: float = 1.0,
        limits: Limits = NO_LIMITS,
        distrusted: bool = False,
        quota: Quota | None = None,
    ) -> Finished:
        """Run a program to its end, as `process.run` does; nothing it started is alive afterwards.

        Args:
            folder: its working folder; readable only when `access` says so.

        Raises:
            ToolError: the box or the program does not start.
            StorageError: there is no room or no permission to start it in `folder`.
            asyncio.CancelledError: cancelled; every process is gone by then.
        """
        first, *rest = self.command(program, arguments, folder, access)
        finished = await run(
            first,
            rest,
            folder=folder,
            environment=environment,
            deadline=deadline,
            grace=grace,
            limits=limits,
            distrusted=distrusted,
            quota=quota,
            patient=self._wraps(access),
        )
        return self._judged(finished, program, access)

    def command(
        self, program: Path, arguments: Sequence[str], folder: Path, access: Access
    ) -> tuple[str, ...]:
        """The whole command that runs a program in this box."""
        command = (str(program), *arguments)
        if self.launcher is None:
            return command
        rights = (*(["-b"] if access.builds else []), *(["-s"] if access.spawns else []))
        if self._wraps(access):
            inner = (str(self.launcher), "-n", *rights, "--", *command)
            return (str(self.bubblewrap), *self._mounts(folder, access), "--", *inner)
        paths = (
            *(word for path in (*SYSTEM, *access.readable) for word in ("-r", str(path))),
            *(word for path in access.writable for word in ("-w", str(path))),
        )
        isolation = ("-i",) if self.isolates and not access.builds else ()
        return (str(self.launcher), *isolation, "-l", *rights, *paths, "--", *command)

    def _mounts(self, folder: Path, access: Access) -> tuple[str, ...]:
        readable = (*SYSTEM, *access.readable, *((self.launcher,) if self.launcher else ()))
        return (
            *_BUBBLEWRAP,
            *(word for path in readable for word in ("--ro-bind-try", str(path), str(path))),
            *(word for path in access.writable for word in ("--bind", str(path), str(path))),
            *_SEALED,
            "--chdir",
            str(folder),
        )

    def _wraps(self, access: Access) -> bool:
        """Whether bubblewrap is what keeps a program in."""
        return self.bubblewrap is not None and not (access.builds and self.lands)

    def _judged(self, finished: Finished, program: Path, access: Access) -> Finished:
        if self.launcher is not None and finished.code == CANNOT_START:
            reason = " ".join(finished.output.split())[-300:] or "no reason was given"
            raise ToolError(
                f"{program} does not start in the sandbox: {reason}",
                'Run `llm4cov doctor`, or set sandbox = "off" if you trust every testbench.',
            )
        code = finished.code
        if self._wraps(access) and code is not None and code > _SIGNAL_BASE:
            return replace(finished, code=None, signal=code - _SIGNAL_BASE)
        return finished
