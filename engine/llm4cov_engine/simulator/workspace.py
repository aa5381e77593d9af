"""Work folders: where one simulator call lays out its files, private to it and gone afterwards.

A folder's name says which process made it, so that a later process can sweep away what a killed one left.
"""

from __future__ import annotations

import os
import platform
import re
import time
import uuid
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build.storage import make_folder, remove_tree, storing
from llm4cov_engine.design.design import SourceFile
from llm4cov_engine.folders import cache_folder
from llm4cov_engine.process import in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.testbench import Testbench

_LARGEST_DATA: Final = 256 << 20
"""Bytes of the largest file that a testbench is given from the design's folder."""

# Others may be patterns to Verilator. What a testbench covers of itself counts nowhere and is not compiled.
_PLAIN_NAME: Final = re.compile(r"[\w./+-]+")

_FOREIGN_AGE: Final = 7 * 24 * 3600.0
"""Seconds after which a work folder of another host (a shared cache) counts as left behind."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One simulator call's folders.

    Attributes:
        source: the design and the testbench, laid out by their relative names; programs run here, so that
            logs and coverage hold relative names only.
        model: what Verilator generates and the compiler makes of it.
        output: what the simulation hands back.
        testbench: the testbench's name in `source`.
        control: the name in `source` of a file of Verilator's own settings.
    """

    source: Path
    model: Path
    output: Path
    testbench: str
    control: str = ""


@asynccontextmanager
async def workspace(design: Design, testbench: Testbench) -> AsyncIterator[Workspace]:
    """Lay out a design and a testbench in a folder that is removed at the end, cancelled or not.

    Raises:
        StorageError: it cannot be written.
    """
    folder = _work_folder() / f"{_own_name()}-{uuid.uuid4().hex[:12]}"
    try:
        yield await in_thread(lambda: _lay_out(folder, design, testbench))
    finally:
        await in_thread(lambda: remove_tree(folder))


def with_files(design: Design, names: Iterable[str]) -> Design:
    """A design with more data: files of its folder that a testbench reads by name.

    Args:
        names: relative, without "..". One that leads out of the folder by a link, that is too large or that
            is not there is left out: the simulation will say so.
    """
    if design.root is None:
        return design
    root = design.root.resolve()
    known = {file.name for file in (*design.sources, *design.headers, *design.data)}
    found = []
    for name in sorted(set(names) - known):
        path = (root / name).resolve()
        with suppress(OSError):
            if path.is_relative_to(root) and path.is_file() and path.stat().st_size <= _LARGEST_DATA:
                found.append(SourceFile(name, path.read_bytes().decode("utf-8", "surrogateescape")))
    return replace(design, data=(*design.data, *found)) if found else design


def sweep() -> int:
    """Remove work folders whose process is gone; returns how many."""
    swept = 0
    try:
        folders = list(_work_folder().iterdir())
    except OSError:
        return 0
    for folder in folders:
        if _is_left_behind(folder):
            remove_tree(folder)
            swept += 1
    return swept


def _work_folder() -> Path:
    return cache_folder() / "work"


def _lay_out(folder: Path, design: Design, testbench: Testbench) -> Workspace:
    source, model, output = folder / "source", folder / "model", folder / "output"
    for part in (source, model, output):
        make_folder(part)
    for file in (*design.sources, *design.headers, *design.data):
        _write(source, file.name, file.text)
    for include_dir in design.include_dirs:
        make_folder(source / include_dir)
    name = _unused(source, testbench.name)
    _write(source, name, testbench.text)
    control = ""
    if _PLAIN_NAME.fullmatch(name):
        control = _unused(source, "settings.vlt")
        _write(source, control, f'`verilator_config\ncoverage_off -file "{name}"\n')
    return Workspace(source, model, output, name, control)


def _unused(folder: Path, name: str) -> str:
    while (folder / name).exists():
        name = f"testbench_{name}"
    return name


def _write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    make_folder(path.parent)
    with storing(path):
        path.write_bytes(text.encode("utf-8", "surrogateescape"))


def _own_name() -> str:
    pid = os.getpid()
    return f"{platform.node()}-{pid}-{_process_start(pid)}"


def _is_left_behind(folder: Path) -> bool:
    # The host's name may hold dashes itself.
    parts = folder.name.rsplit("-", 3)
    if len(parts) != 4 or not parts[1].isdigit():
        return False
    host, pid, start, _ = parts
    if host != platform.node():
        try:
            return time.time() - folder.stat().st_mtime > _FOREIGN_AGE
        except OSError:
            return False
    return _process_start(int(pid)) != start


def _process_start(pid: int) -> str:
    """When a process began, in clock ticks since the machine did; "" when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""
