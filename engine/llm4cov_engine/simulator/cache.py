"""Answers of simulator calls, kept by content.

An entry is a feedback as deflated JSON, named by everything the answer depends on. It is written whole, so
two processes may store the same one; an entry that cannot be read is no entry.
"""

from __future__ import annotations

import os
import time
import zlib
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build.storage import write_whole
from llm4cov_engine.build.upkeep import CALLS, LARGEST, evict
from llm4cov_engine.errors import StorageError
from llm4cov_engine.folders import cache_folder
from llm4cov_engine.simulator.feedback import Feedback
from llm4cov_engine.simulator.workspace import sweep

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import TypeAdapter

SCHEMA: Final = "1"
"""Changes whenever feedbacks of an earlier release mean something else."""

_TIDY_SECONDS: Final = 3600.0


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


def tidy_up(largest: int = LARGEST) -> None:
    """Sweep work folders that were left behind; once an hour, remove what exceeds the cache's size.

    Args:
        largest: bytes the cache may take.
    """
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
        evict(largest)


def _call_path(key: str) -> Path:
    return cache_folder() / CALLS / key[:2] / f"{key}.z"


@cache
def _adapter() -> TypeAdapter[Feedback]:
    from pydantic import TypeAdapter

    return TypeAdapter(Feedback)
