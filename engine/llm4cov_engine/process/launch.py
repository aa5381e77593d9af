"""Starts a program through plumbum, with nothing of this process's own environment."""

from __future__ import annotations

import errno
from subprocess import DEVNULL, PIPE, STDOUT
from typing import TYPE_CHECKING, Final, cast

from plumbum.machines.local import LocalCommand, LocalEnv, LocalMachine

from llm4cov_engine.errors import StorageError, ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from plumbum.machines.local import PlumbumLocalPopen

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


def start(
    argv: Sequence[str], folder: Path, environment: Mapping[str, str], *, patient: bool
) -> PlumbumLocalPopen:
    """Start a program in a session of its own, standard input closed, both outputs in one pipe.

    Args:
        argv: options of `ulimit` with their values, "--", the program and its arguments.
        patient: it ignores SIGTERM.

    Raises:
        ToolError: it cannot be started.
        StorageError: it cannot be started in that folder.
    """
    script = f"trap '' TERM{_LAUNCH}" if patient else _LAUNCH
    try:
        command = _Command(_machine.path("/bin/sh"))["-c", script, "sh"][list(argv)]
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
