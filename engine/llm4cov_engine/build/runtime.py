"""The Verilator runtime, compiled once per machine and toolchain.

An entry is a folder of the cache that holds the runtime's objects, the prebuilt driver, a precompiled header
and the recipe of what is done with them. Its manifest is written last, so an entry without one is not there;
sizes and times are compared before each use, contents when a build with it failed (`Runtime.is_damaged`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build import header, making
from llm4cov_engine.build.manifest import is_intact, write_manifest
from llm4cov_engine.build.recipe import Recipe, linkers
from llm4cov_engine.build.storage import locked, remove_tree
from llm4cov_engine.digest import digest
from llm4cov_engine.events import Emit, Stage, StageName
from llm4cov_engine.folders import cache_folder
from llm4cov_engine.process import in_thread

if TYPE_CHECKING:
    from llm4cov_engine.build.toolchain import Toolchain
from llm4cov_engine.build.upkeep import pin

SCHEMA: Final = "5"
"""Changes whenever an entry built by an earlier release must not be used."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """A compiled runtime.

    Attributes:
        folder: of the cache.
        recipe: how generated code is compiled and linked with it.
    """

    folder: Path
    recipe: Recipe

    @property
    def driver(self) -> str:
        """The object that holds the main program of every simulation."""
        return str(self.folder / making.DRIVER)

    async def is_damaged(self) -> bool:
        """Whether the contents are not what was built; takes a tenth of a second."""
        return not await in_thread(lambda: is_intact(self.folder, thorough=True))


def runtimes_folder() -> Path:
    """Folder of all compiled runtimes."""
    return cache_folder() / "runtimes"


def runtime_key(toolchain: Toolchain) -> str:
    """Identity of a runtime: sources, compiler, linkers, flags."""
    include = toolchain.verilator.include
    compiler = toolchain.compiler
    parts: list[str | bytes] = [
        SCHEMA,
        toolchain.verilator.digest,
        compiler.digest,
        str(compiler.program),
        str(include),
        *header.common_flags(toolchain, ""),
        *map(repr, header.candidates(compiler.family)),
        *making.driver_texts(),
    ]
    # Headers too: an own Verilator can be rebuilt around the same binary.
    for path in (*sorted(include.glob("verilated*.*")), *linkers()):
        stat = path.stat()
        parts += [str(path), str(stat.st_size), str(stat.st_mtime_ns)]
    return digest(parts)[:32]


async def prepare(toolchain: Toolchain, emit: Emit) -> Runtime:
    """The runtime for a toolchain, compiled now if it never was or is damaged.

    Raises:
        ToolError: the compiler cannot compile it.
        StorageError: the cache folder cannot be written.
    """
    folder = runtimes_folder() / await in_thread(lambda: runtime_key(toolchain))
    ready = await in_thread(lambda: _pinned(folder))
    if ready is not None:
        return ready
    async with locked(folder.with_suffix(".lock")):
        ready = await in_thread(lambda: _ready(folder, thorough=True))
        if ready is None:
            emit(Stage(StageName.PREPARING, setup_words(toolchain)))
            try:
                await making.make(toolchain, folder, partial(_tell, emit))
                await in_thread(lambda: write_manifest(folder))
            except BaseException:
                await in_thread(lambda: remove_tree(folder))
                raise
            ready = await in_thread(lambda: _read(folder))
        await in_thread(lambda: pin(folder))
    return ready


def _tell(emit: Emit, done: int, total: int) -> None:
    emit(Stage(StageName.COMPILING, f"the Verilator runtime, {done} of {total} files"))


def setup_words(toolchain: Toolchain) -> str:
    """What the one-time set-up does and about how long it takes, for whoever waits for it."""
    if toolchain.compiler.wheel:
        return "compiling the C++ library and the Verilator runtime, once per machine: about two minutes"
    return "compiling the Verilator runtime, once per machine: about fifteen seconds"


async def find_ready(toolchain: Toolchain) -> Runtime | None:
    """The runtime for a toolchain if it is compiled already."""
    return await in_thread(lambda: _ready(runtimes_folder() / runtime_key(toolchain), thorough=False))


async def discard(runtime: Runtime) -> None:
    """Throw a damaged runtime away, so that `prepare` compiles it again."""
    async with locked(runtime.folder.with_suffix(".lock")):
        await in_thread(lambda: remove_tree(runtime.folder))


def _pinned(folder: Path) -> Runtime | None:
    """The runtime in a folder, if it can be used; then it stays for as long as this process lives."""
    if folder.is_dir():
        # Before the look: from here on nobody takes it away.
        pin(folder)
    return _ready(folder, thorough=False)


def _ready(folder: Path, *, thorough: bool) -> Runtime | None:
    if not is_intact(folder, thorough=thorough):
        return None
    try:
        return _read(folder)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _read(folder: Path) -> Runtime:
    return Runtime(folder, Recipe.read((folder / making.RECIPE).read_text("utf-8"), folder))
