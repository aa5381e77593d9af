"""Reading text files into a design."""

from __future__ import annotations

import codecs
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from llm4cov_engine.errors import DesignError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 32 * 1024 * 1024
"""The largest single file a design may hold; gate-level netlists above it are not what this tool is for."""


def read_text(path: Path) -> str:
    """The text of a file: UTF-8, UTF-16 with a byte order mark, else Latin-1. Line ends stay as they are.

    Raises:
        StorageError: it cannot be read.
        DesignError: it is too large, or no text at all.
    """
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise DesignError(
                f"{path} is larger than the {MOST_BYTES // 2**20} MB a file of a design may have.",
                "Leave it out with `exclude` in llm4cov.toml, or choose a smaller part of the design.",
            )
        data = path.read_bytes()
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read: {error.strerror or error}.", "Check that it is there and readable."
        ) from error
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if b"\0" in data:
        raise DesignError(f"{path} is not a text file.", "Leave it out with `exclude` in llm4cov.toml.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def is_plain(name: str) -> bool:
    """Whether a name is relative, in POSIX form, and stays inside its root."""
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and "\0" not in name
