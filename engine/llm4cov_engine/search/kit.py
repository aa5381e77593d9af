"""The parts of the search's driver that no design changes, compiled once per machine and toolchain."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build.header import common_flags
from llm4cov_engine.build.manifest import is_intact, write_manifest
from llm4cov_engine.build.recipe import compile_prefix
from llm4cov_engine.build.runtime import Runtime, prepare
from llm4cov_engine.build.storage import locked, make_folder, remove_tree, storing
from llm4cov_engine.build.upkeep import pin
from llm4cov_engine.digest import digest
from llm4cov_engine.errors import ToolError
from llm4cov_engine.events import Emit, Stage, StageName
from llm4cov_engine.process import in_thread, run, together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.build.toolchain import Toolchain

LEVELS: Final = ("-O0", "-O1")
"""Levels at which generated code is compiled."""

_SCHEMA: Final = "3"
_HEADERS: Final = ("subject.h", "program.h", "bench.h", "drawing.h")
_SOURCES: Final = ("bench.cpp", "drawing.cpp", "search.cpp")
_COMPILE_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Kit:
    """The compiled parts.

    Attributes:
        folder: of the cache, where they are.
        runtime: Verilator's runtime for the same toolchain.
    """

    folder: Path
    runtime: Runtime

    def compile_command(self, level: str, source: str, target: str) -> tuple[str, ...]:
        """Compile one file of generated code."""
        command = self.runtime.recipe.compile_command(source, target, optimise=level != LEVELS[0])
        return (*command, "-I", str(self.folder))

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
    key = digest((_SCHEMA, runtime.folder.name, *texts))[:32]
    # Beside the runtimes, so that the cache's housekeeping sees it.
    folder = runtime.folder.parent / f"search-{key}"
    if not await in_thread(lambda: _is_ready(folder)):
        async with locked(folder.with_suffix(".lock")):
            if not await in_thread(lambda: _is_ready(folder)):
                emit(Stage(StageName.PREPARING, "compiling the search's driver, once per machine"))
                try:
                    await _build(toolchain, folder)
                    await in_thread(lambda: write_manifest(folder))
                except BaseException:
                    await in_thread(lambda: remove_tree(folder))
                    raise
            await in_thread(lambda: pin(folder))
    return Kit(folder, runtime)


def _is_ready(folder: Path) -> bool:
    """Whether the kit is complete; from then on it stays for as long as this process lives."""
    if folder.is_dir():
        pin(folder)
    return is_intact(folder, thorough=False)


async def _build(toolchain: Toolchain, folder: Path) -> None:
    await in_thread(lambda: _lay_out(folder))
    prefix = await compile_prefix(toolchain.compiler, folder)
    flags = (*prefix, *common_flags(toolchain, "-O2"))
    await together(
        *(_compile(folder, (*flags, "-c", source, "-o", f"{Path(source).stem}.o")) for source in _SOURCES)
    )


async def _compile(folder: Path, command: tuple[str, ...]) -> None:
    done = await run(command[0], command[1:], folder=folder, deadline=_COMPILE_SECONDS)
    if not done.ok:
        words = " ".join(done.output.split())
        raise ToolError(
            f"{command[0]} cannot compile the search's driver: {words[:500]}",
            "Check the C++ compiler and its standard library, or name another one in CXX.",
        )


def _lay_out(folder: Path) -> None:
    remove_tree(folder)
    make_folder(folder)
    with storing(folder):
        for name in (*_HEADERS, *_SOURCES):
            (folder / name).write_text(_text(name))


def _text(name: str) -> str:
    return resources.files("llm4cov_engine.search").joinpath("driver", name).read_text("utf-8")
