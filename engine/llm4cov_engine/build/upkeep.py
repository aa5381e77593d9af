"""The cache folder as a whole: how large it is, and what goes first when it is too large.

Its sections hold entries of one kind each, a file or a folder, whose time of change says when it was used
last. A folder that a living process has pinned, or that was used a short while ago, stays.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from llm4cov_engine.build.storage import remove_tree, tree_size
from llm4cov_engine.folders import cache_folder

LARGEST: Final = 4 << 30
"""Bytes the cache may take before the least recently used entries go, where nothing else is set."""

CALLS: Final = "calls"
"""The section of answers, which are files in folders of two letters."""

# The sandbox's launchers are not among them: they are small, and needed for as long as a process lives.
_OF_FOLDERS: Final = ("runtimes", "libraries")
_WHOLE: Final = ("ziglang",)
"""Sections that are one entry."""

_PIN: Final = ".use"
_RECENT_SECONDS: Final = 3600.0
"""Whoever uses a folder without pinning it is done with it after this time."""


@dataclass(frozen=True, slots=True)
class Section:
    """What a section of the cache holds; `size` in bytes."""

    entries: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """What the cache folder holds, by the names of its sections."""

    sections: dict[str, Section]

    @property
    def size(self) -> int:
        """Bytes of it all."""
        return sum(section.size for section in self.sections.values())

    def of(self, name: str) -> Section:
        """One section, empty where it is not there."""
        return self.sections.get(name, Section())


@dataclass(frozen=True, slots=True)
class Eviction:
    """What was removed to make the cache smaller; `size` in bytes."""

    entries: int = 0
    size: int = 0


_pins: dict[Path, int] = {}
_pinning = threading.Lock()


def pin(folder: Path) -> None:
    """Keep an entry for the life of this process; where that cannot be noted, its time of use must do."""
    with _pinning:
        _pin(folder)


def _pin(folder: Path) -> None:
    held = _pins.get(folder)
    if held is not None and _is_same(held, folder.with_suffix(_PIN)):
        return
    handle = -1
    try:
        handle = os.open(folder.with_suffix(_PIN), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        if handle >= 0:
            os.close(handle)
        return
    if held is not None:
        os.close(held)
    _pins[folder] = handle


def usage() -> Usage:
    """How much the cache holds."""
    counted: dict[str, tuple[int, int]] = {}
    for entry in _entries():
        number, size = counted.get(entry.section, (0, 0))
        counted[entry.section] = (number + 1, size + entry.size)
    return Usage({name: Section(*numbers) for name, numbers in counted.items()})


def evict(largest: int = LARGEST) -> Eviction:
    """Remove the least recently used entries until the rest fits.

    Args:
        largest: bytes the cache may take afterwards.
    """
    entries = sorted(_entries(), key=lambda entry: entry.used)
    excess = sum(entry.size for entry in entries) - largest
    removed = size = 0
    for entry in entries:
        if excess <= size:
            break
        if _removed(entry):
            removed += 1
            size += entry.size
    return Eviction(removed, size)


@dataclass(frozen=True, slots=True)
class _Entry:
    section: str
    path: Path
    size: int
    used: float
    is_folder: bool


def _entries() -> list[_Entry]:
    found = _answers()
    for section in _OF_FOLDERS:
        with suppress(OSError):
            found += [
                _folder(section, path) for path in (cache_folder() / section).iterdir() if path.is_dir()
            ]
    for section in _WHOLE:
        with suppress(OSError):
            found.append(_folder(section, cache_folder() / section))
    return found


def _answers() -> list[_Entry]:
    found = []
    for folder, _, names in os.walk(cache_folder() / CALLS):
        for name in names:
            path = Path(folder, name)
            with suppress(OSError):
                stat = path.stat()
                found.append(_Entry(CALLS, path, stat.st_size, stat.st_mtime, is_folder=False))
    return found


def _folder(section: str, path: Path) -> _Entry:
    return _Entry(section, path, tree_size(path), path.stat().st_mtime, is_folder=True)


def _removed(entry: _Entry) -> bool:
    if not entry.is_folder:
        with suppress(OSError):
            entry.path.unlink()
        return True
    if time.time() - entry.used < _RECENT_SECONDS:
        return False
    handle = -1
    lock = entry.path.with_suffix(_PIN)
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        remove_tree(entry.path)
        # Nobody waits for a pin, so nobody is left holding a file without a name.
        lock.unlink(missing_ok=True)
        return True
    finally:
        if handle >= 0:
            os.close(handle)


def _is_same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except OSError:
        return False
