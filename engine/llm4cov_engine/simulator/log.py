"""Logs as a feedback carries them: bounded, the same from run to run, without paths of this machine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_CHARACTERS: Final = 64 * 1024
"""A log is cut in the middle when it is longer."""

# Verilator's report of its own time and memory, which differ from run to run.
_REPORT: Final = re.compile(r"^- (?:V e r i l a t i o n|S i m u l a t i o n|Verilator: ).*\n?", re.MULTILINE)
_VERSION_LINK: Final = re.compile(r"\?v=[0-9.]+")


def tidy(output: str, places: Mapping[Path, str]) -> str:
    """A program's output as a log.

    Args:
        places: folders of this machine that can appear in it, and what to call them; "" makes what is below
            one relative.
    """
    text = _REPORT.sub("", output)
    text = _VERSION_LINK.sub("", text)
    for folder, name in sorted(places.items(), key=lambda place: -len(str(place[0]))):
        text = text.replace(f"{folder}/", f"{name}/" if name else "").replace(str(folder), name or ".")
    # What a testbench was allowed to name, and what a compiler says of its installation.
    home = str(Path.home())
    if len(home) > 1:
        text = text.replace(home, "~")
    return bounded(text)


def bounded(text: str) -> str:
    """The text itself, or its beginning and its end."""
    if len(text) <= MOST_CHARACTERS:
        return text
    half = MOST_CHARACTERS // 2
    head, tail = text[:half], text[-half:]
    return f"{head}\n[... {len(text) - 2 * half} characters left out ...]\n{tail}"
