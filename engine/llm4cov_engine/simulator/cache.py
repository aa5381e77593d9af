"""Answers of simulator calls, kept by content; and how the cache folder stays small.

An entry is a feedback as deflated JSON, named by everything the answer depends on. It is written whole, so
two processes may store the same one; an entry that cannot be read is no entry.
"""

from __future__ import annotations

import os
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build.runtime import runtimes_folder
from llm4cov_engine.build.storage import remove_tree, tree_size, write_whole
from llm4cov_engine.errors import StorageError
from llm4cov_engine.folders import cache_folder
from llm4cov_engine.simulator.feedback import Feedback
from llm4cov_engine.simulator.workspace import sweep

if TYPE_CHECKING:
    from pydantic import TypeAdapter

LARGEST: Final = 2 << 30
"""Bytes the cache may take, compiled runtimes included, before the least recently used entries go."""

SCHEMA: Final = "1"
"""Changes whenever feedbacks of an earlier release mean something else."""

_TIDY_SECONDS: Final = 24 * 3600.0
_IN_USE_SECONDS: Final = 24 * 3600.0
"""A runtime used within this time is not evicted."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the cache folder holds; sizes in bytes."""

    calls: int
    calls_size: int
    runtimes: int
    runtimes_size: int

    @property
    def size(self) -> int:
        """Bytes of it all."""
        return self.calls_size + self.runtimes_size


@dataclass(frozen=True, slots=True)
class Eviction:
    """What was removed to make the cache smaller; `size` in bytes."""

    entries: int = 0
    size: int = 0


def find_call(key: str) -> Feedback | None:
    """The answer stored under a key, marked as cached; None where there is none that can be read."""
    path = _call_path(key)
    try:
        feedback = _adapter().validate_json(zlib.decompress(path.read_bytes()))
    except (OSError, ValueError, zlib.error):
        return None
    with suppress(OSError):
        os.utime(path)
    return replace(feedback, cached=True)


def store_call(key: str, feedback: Feedback) -> None:
    """Keep an answer.

    Raises:
        StorageError: it cannot be written.
    """
    write_whole(_call_path(key), zlib.compress(_adapter().dump_json(feedback), 3))


def usage() -> Usage:
    """How much the cache holds."""
    calls = _calls()
    runtimes = _runtimes()
    return Usage(
        len(calls),
        sum(entry.size for entry in calls),
        len(runtimes),
        sum(entry.size for entry in runtimes),
    )


def tidy_up(largest: int = LARGEST) -> Eviction:
    """Sweep left-behind work folders, then remove the least recently used entries until the rest fits.

    Args:
        largest: bytes the cache may take afterwards.
    """
    sweep()
    entries = sorted((*_calls(), *_runtimes()), key=lambda entry: entry.used)
    excess = sum(entry.size for entry in entries) - largest
    removed = size = 0
    for entry in entries:
        if excess <= size:
            break
        if entry.is_folder:
            if time.time() - entry.used < _IN_USE_SECONDS:
                continue
            remove_tree(entry.path)
        else:
            with suppress(OSError):
                entry.path.unlink()
        removed += 1
        size += entry.size
    return Eviction(removed, size)


def tidy_up_daily() -> None:
    """Sweep left-behind work folders; once a day, remove what exceeds the cache's size."""
    sweep()
    last = cache_folder() / "tidied"
    try:
        if time.time() - last.stat().st_mtime < _TIDY_SECONDS:
            return
    except OSError:
        pass
    # Marked first, so that other processes do not begin the same.
    with suppress(StorageError):
        write_whole(last, b"")
        tidy_up()


@dataclass(frozen=True, slots=True)
class _Entry:
    path: Path
    size: int
    used: float
    is_folder: bool


def _calls_folder() -> Path:
    return cache_folder() / "calls"


def _call_path(key: str) -> Path:
    return _calls_folder() / key[:2] / f"{key}.z"


def _calls() -> list[_Entry]:
    found = []
    for folder, _, names in os.walk(_calls_folder()):
        for name in names:
            path = _calls_folder() / os.path.basename(folder) / name  # noqa: PTH119 - a hot loop
            with suppress(OSError):
                stat = path.stat()
                found.append(_Entry(path, stat.st_size, stat.st_mtime, is_folder=False))
    return found


def _runtimes() -> list[_Entry]:
    try:
        folders = [path for path in runtimes_folder().iterdir() if path.is_dir()]
    except OSError:
        return []
    found = []
    for path in folders:
        with suppress(OSError):
            found.append(_Entry(path, tree_size(path), path.stat().st_mtime, is_folder=True))
    return found


@cache
def _adapter() -> TypeAdapter[Feedback]:
    from pydantic import TypeAdapter

    return TypeAdapter(Feedback)
