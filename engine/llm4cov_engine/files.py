"""The user's own files: written whole or not at all."""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from llm4cov_engine.errors import BusyError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCK = ".lock"


def write_text(path: Path, text: str) -> None:
    """Write a text file so that no reader ever sees a part of it; missing folders are made.

    An existing file keeps its permissions. Something that is no plain file, such as /dev/stdout, is
    written to as it is.

    Raises:
        StorageError: it cannot be written; what was there before is untouched.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, "utf-8")
            return
        target = path.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, text)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror or error}.",
            "Check its rights and the free space of its disk, or name another file.",
        ) from error


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


@contextmanager
def claimed(folder: Path, work: str) -> Iterator[None]:
    """Keep other processes out of a folder that is worked in; it is made where it is missing.

    A process that dies leaves its claim behind in no way.

    Args:
        work: what is done there, with its article, for people: "An evaluation".

    Raises:
        BusyError: another process is at work there.
        StorageError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be written: {error.strerror or error}.",
            "Check its rights, or name another folder with -o.",
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BusyError(
                f"{work} is at work in {folder}.", "Wait for it to end, or name another folder with -o."
            ) from error
        yield
    finally:
        os.close(handle)
