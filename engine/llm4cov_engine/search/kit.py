"""The parts of the search's driver that no design changes, compiled once per machine and toolchain."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build.compiler import Family
from llm4cov_engine.build.header import common_flags
from llm4cov_engine.build.recipe import compile_prefix
from llm4cov_engine.build.runtime import Runtime, prepare
from llm4cov_engine.build.storage import locked, make_folder, remove_tree, storing, write_whole
from llm4cov_engine.digest import digest
from llm4cov_engine.errors import ToolError
from llm4cov_engine.events import Emit, Stage, StageName
from llm4cov_engine.process import in_thread, run, together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.build.toolchain import Toolchain

LEVELS: Final = ("-O0", "-O1")
"""Levels at which generated code is compiled."""

_SCHEMA: Final = "2"
_HEADERS: Final = ("subject.h", "program.h", "bench.h", "drawing.h")
_SOURCES: Final = ("bench.cpp", "drawing.cpp", "search.cpp")
_COMMON: Final = (
    "#include <verilated.h>\n#include <verilated_cov.h>\n#include <verilated_timing.h>\n#include <vector>\n"
)
_COMMANDS: Final = "commands.json"
_COMPILE_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Kit:
    """The compiled parts.

    Attributes:
        folder: of the cache, where they are.
        runtime: Verilator's runtime for the same toolchain.
        compilers: how generated code is compiled, the program first, by level.
    """

    folder: Path
    runtime: Runtime
    compilers: dict[str, tuple[str, ...]]

    def compile_command(self, level: str, source: str, target: str) -> tuple[str, ...]:
        """Compile one file of generated code."""
        return (*self.compilers[level], "-I.", "-c", source, "-o", target)

    def link_command(self, objects: Sequence[str], program: str) -> tuple[str, ...]:
        """Link a model's objects with the driver and the runtime."""
        own = [str(self.folder / f"{Path(source).stem}.o") for source in _SOURCES]
        return self.runtime.recipe.link_command([*objects, *own], program)


async def prepare_kit(toolchain: Toolchain, emit: Emit) -> Kit:
    """The driver's parts for a toolchain, compiled now if they never were.

    Raises:
        ToolError: the compiler cannot compile them.
        StorageError: the cache folder cannot be written.
    """
    runtime = await prepare(toolchain, emit)
    texts = [_text(name) for name in (*_HEADERS, *_SOURCES)]
    key = digest((_SCHEMA, runtime.folder.name, _COMMON, *texts))[:32]
    # Beside the runtimes, so that the cache's housekeeping sees it.
    folder = runtime.folder.parent / f"search-{key}"
    compilers = await in_thread(lambda: _read(folder))
    if compilers is None:
        async with locked(folder.with_suffix(".lock")):
            compilers = await in_thread(lambda: _read(folder))
            if compilers is None:
                emit(Stage(StageName.PREPARING, "compiling the search's driver, once per machine"))
                try:
                    compilers = await _build(toolchain, folder)
                except BaseException:
                    await in_thread(lambda: remove_tree(folder))
                    raise
    return Kit(folder, runtime, compilers)


def _read(folder: Path) -> dict[str, tuple[str, ...]] | None:
    """The commands of a complete kit; they are written last."""
    try:
        found = json.loads((folder / _COMMANDS).read_text())
        return {level: tuple(found[level]) for level in LEVELS}
    except (OSError, ValueError, TypeError, KeyError):
        return None


async def _build(toolchain: Toolchain, folder: Path) -> dict[str, tuple[str, ...]]:
    await in_thread(lambda: _lay_out(folder))
    prefix = await compile_prefix(toolchain.compiler, folder)
    is_clang = toolchain.compiler.family is Family.CLANG
    jobs = [
        (*prefix, *common_flags(toolchain, "-O2"), "-c", source, "-o", f"{Path(source).stem}.o")
        for source in _SOURCES
    ]
    compilers = {}
    for level in LEVELS:
        flags = (*prefix, *common_flags(toolchain, level))
        name = _header(level)
        jobs.append((*flags, "-x", "c++-header", name, "-o", f"{name}.{'pch' if is_clang else 'gch'}"))
        path = str(folder / name)
        # GCC takes the precompiled header when it finds it beside the header.
        use = ("-include-pch", f"{path}.pch") if is_clang else ("-include", path)
        compilers[level] = (*flags, *use, "-I", str(folder))
    # Two at a time: a machine may have no more cores.
    for first in range(0, len(jobs), 2):
        await together(*(_compile(folder, job) for job in jobs[first : first + 2]))
    await in_thread(lambda: write_whole(folder / _COMMANDS, json.dumps(compilers).encode()))
    return compilers


async def _compile(folder: Path, command: tuple[str, ...]) -> None:
    done = await run(command[0], command[1:], folder=folder, deadline=_COMPILE_SECONDS)
    if not done.ok:
        words = " ".join(done.output.split())
        raise ToolError(
            f"{command[0]} cannot compile the search's driver: {words[:500]}",
            "Check the C++ compiler and its standard library, or name another one in CXX.",
        )


def _header(level: str) -> str:
    return f"common{level}.h"


def _lay_out(folder: Path) -> None:
    remove_tree(folder)
    make_folder(folder)
    with storing(folder):
        # A compiler that is asked how it works looks at a file of this name.
        (folder / "check.cpp").write_text("int main() {}\n")
        for name in (*_HEADERS, *_SOURCES):
            (folder / name).write_text(_text(name))
        for level in LEVELS:
            (folder / _header(level)).write_text(_COMMON)


def _text(name: str) -> str:
    return resources.files("llm4cov_engine.search").joinpath("driver", name).read_text("utf-8")
