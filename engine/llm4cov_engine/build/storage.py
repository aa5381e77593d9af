"""Files of the cache folder: written whole or not at all, locked against other processes."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import shutil
import tempfile
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llm4cov_engine.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

_NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT)
_NEXT_TO_NOTHING: Final = 1 << 20
_NO_SPACE_WORDS: Final = tuple(os.strerror(number) for number in _NO_SPACE)


def no_space(path: Path | str) -> StorageError:
    """The error for a disk that is full or a quota that is used up."""
    return StorageError(
        f"There is no space left to write {path}.",
        "Make room, or set LLM4COV_CACHE_DIR to a folder on another disk.",
    )


def lacks_space(folder: Path, output: str) -> bool:
    """Whether a program failed in `folder` for want of space: it said so, or next to nothing is free.

    Not every program notices that its writes fail, and then the next one stumbles over half a file.
    """
    if any(words in output for words in _NO_SPACE_WORDS):
        return True
    try:
        return shutil.disk_usage(folder).free < _NEXT_TO_NOTHING
    except OSError:
        return False


def storage_error(path: Path | str, error: OSError) -> StorageError:
    """What an operating system's complaint about a path means to a user."""
    if error.errno in _NO_SPACE:
        return no_space(path)
    return StorageError(
        f"{path} cannot be written: {error.strerror or error}.",
        "Correct its permissions, or set LLM4COV_CACHE_DIR to a folder that can be written.",
    )


@contextmanager
def storing(path: Path | str) -> Iterator[None]:
    """Turn any OSError inside into a StorageError about `path`."""
    try:
        yield
    except OSError as error:
        raise storage_error(error.filename or path, error) from error


def make_folder(path: Path) -> Path:
    """Make a folder that only this user can read, parents included.

    Raises:
        StorageError: it cannot be made.
    """
    with storing(path):
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that no reader ever sees a part of it.

    Raises:
        StorageError: it cannot be written; what was there before is untouched.
    """
    make_folder(path.parent)
    with storing(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise


@asynccontextmanager
async def locked(path: Path) -> AsyncIterator[None]:
    """Hold a lock file against other processes and other tasks; waits as long as it takes.

    Raises:
        StorageError: the lock file cannot be made.
    """
    make_folder(path.parent)
    with storing(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.05)
            except OSError:
                # A file system without locks: two processes may then do the same work twice.
                break
        yield
    finally:
        os.close(handle)


def remove_tree(path: Path) -> None:
    """Remove a folder and all in it, whatever permissions a testbench gave them; missing is fine."""

    def open_up(_: object, name: str, __: object) -> None:
        with suppress(OSError):
            Path(name).parent.chmod(0o700)
            Path(name).chmod(0o700)
            target = Path(name)
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target, ignore_errors=True)
            else:
                target.unlink()

    shutil.rmtree(path, onerror=open_up)


def tree_size(path: Path) -> int:
    """Bytes of all files below a folder; 0 when it is not there."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118 - a hot loop
    return total
