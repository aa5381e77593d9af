"""Files by pattern: "rtl/**/*.sv"."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

from llm4cov_engine.design.shelf import FolderShelf

if TYPE_CHECKING:
    from collections.abc import Iterable

RTL = (".v", ".sv")
"""Endings of files that are compiled."""


def matching(folder: Path, pattern: str) -> list[Path]:
    """Files and folders that match a pattern relative to a folder, sorted; "**" is any number of folders."""
    # Path.glob refuses "..", which a project beside its RTL needs.
    names = glob.glob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207
    return [Path(os.path.normpath(folder / name)) for name in sorted(names)]


def matching_rtl(folder: Path, patterns: Iterable[str]) -> list[Path]:
    """RTL files that match patterns, in the patterns' order; of folders that match, all RTL in them."""
    found: dict[Path, None] = {}
    for pattern in patterns:
        for path in matching(folder, pattern):
            if path.is_dir():
                inside = FolderShelf(path).names()
                found |= dict.fromkeys(path / name for name in inside if name.endswith(RTL))
            elif path.name.endswith(RTL) or glob.escape(pattern) == pattern:
                found[path] = None
    return list(found)
