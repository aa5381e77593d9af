"""What a folder of the cache held when it was finished, to notice that it no longer does."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from llm4cov_engine.build.storage import storing, write_whole

if TYPE_CHECKING:
    from pathlib import Path

_NAME: Final = "manifest.json"


def write_manifest(folder: Path) -> None:
    """Write what a folder holds. A folder without a manifest is not finished.

    Raises:
        StorageError: it cannot be written.
    """
    with storing(folder):
        entries = {
            path.name: {**_seen(path), "sha256": _sha256(path)}
            for path in sorted(folder.iterdir())
            if path.is_file()
        }
    write_whole(folder / _NAME, json.dumps(entries).encode())


def is_intact(folder: Path, *, thorough: bool) -> bool:
    """Whether a folder holds what it held; marks it as used.

    Args:
        thorough: compare contents, not only sizes and times.
    """
    try:
        entries: dict[str, dict[str, Any]] = json.loads((folder / _NAME).read_bytes())
        for name, entry in entries.items():
            path = folder / name
            sha256 = entry.pop("sha256")
            if _seen(path) != entry or (thorough and _sha256(path) != sha256):
                return False
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return False
    with suppress(OSError):  # a cache that is only read
        os.utime(folder)
    return True


def _seen(path: Path) -> dict[str, int]:
    stat = path.stat()
    return {"size": stat.st_size, "changed": stat.st_mtime_ns}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
