"""The user's own files: written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from llm4cov_engine.errors import StorageError


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
