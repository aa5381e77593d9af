"""The Verilator runtime, compiled once per machine and toolchain.

An entry is a folder of the cache that holds the runtime's objects, the prebuilt driver and a precompiled
header. Its manifest is written last, so an entry without one is not there; sizes and times are compared
before each use, contents when a build with it failed (`Runtime.is_damaged`).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from llm4cov_engine.digest import digest
from llm4cov_engine.errors import StorageError, ToolError
from llm4cov_engine.events import Emit, Stage, StageName
from llm4cov_engine.folders import cache_folder
from llm4cov_engine.process import in_thread, run, together
from llm4cov_engine.build.storage import (
    lacks_space,
    locked,
    make_folder,
    no_space,
    remove_tree,
    storing,
    write_whole,
)
from llm4cov_engine.build.toolchain import Toolchain, tool_environment

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA: Final = "1"
"""Changes whenever an entry built by an earlier release must not be used."""

# Everything a generated model can need; the linker leaves out what it does not.
_SOURCES: Final = (
    "verilated.cpp",
    "verilated_cov.cpp",
    "verilated_dpi.cpp",
    "verilated_probdist.cpp",
    "verilated_random.cpp",
    "verilated_threads.cpp",
    "verilated_timing.cpp",
)
_DRIVER_SOURCES: Final = ("driver.cpp", "driver.h")
_ARCHIVE: Final = "runtime.a"

# What every generated file includes. A wider header costs every build more time than it saves most of them:
# GCC maps the precompiled header as a whole.
_HEADER: Final = "#include <verilated.h>\n#include <verilated_cov.h>\n#include <verilated_timing.h>\n"
_HEADER_NAME: Final = "common.h"

_MACROS: Final = (
    "-DVERILATOR=1",
    "-DVM_COVERAGE=1",
    "-DVM_SC=0",
    "-DVM_TIMING=1",
    "-DVM_TRACE=0",
    "-DVL_USER_STOP",
    "-DVL_USER_FATAL",
)
_COMPILE_SECONDS: Final = 600.0


@dataclass(frozen=True, slots=True)
class Runtime:
    """A compiled runtime.

    Attributes:
        folder: of the cache.
        model_flags: compiler options for generated code, precompiled header included.
    """

    folder: Path
    model_flags: tuple[str, ...]

    @property
    def objects(self) -> tuple[str, ...]:
        """What a model's objects are linked with, in order."""
        return (str(self.folder / "driver.o"), str(self.folder / _ARCHIVE), "-pthread")

    async def is_damaged(self) -> bool:
        """Whether the contents are not what was built; takes a tenth of a second."""
        return not await in_thread(lambda: _is_intact(self.folder, thorough=True))


def runtimes_folder() -> Path:
    """Folder of all compiled runtimes."""
    return cache_folder() / "runtimes"


def runtime_key(toolchain: Toolchain) -> str:
    """Identity of a runtime: sources, compiler, flags."""
    include = toolchain.verilator.include
    parts: list[str | bytes] = [
        SCHEMA,
        toolchain.verilator.digest,
        toolchain.compiler.digest,
        str(toolchain.compiler.program),
        str(include),
        *_MACROS,
        _HEADER,
    ]
    parts += [_driver_text(name) for name in _DRIVER_SOURCES]
    # Headers too: an own Verilator can be rebuilt around the same binary.
    for source in sorted(include.glob("verilated*.*")):
        stat = source.stat()
        parts += [source.name, str(stat.st_size), str(stat.st_mtime_ns)]
    return digest(parts)[:32]


async def prepare(toolchain: Toolchain, emit: Emit) -> Runtime:
    """The runtime for a toolchain, compiled now if it never was or is damaged.

    Raises:
        ToolError: the compiler cannot compile it.
        StorageError: the cache folder cannot be written.
    """
    folder = runtimes_folder() / await in_thread(lambda: runtime_key(toolchain))
    runtime = Runtime(folder, _model_flags(toolchain, folder))
    if await in_thread(lambda: _is_intact(folder, thorough=False)):
        return runtime
    async with locked(folder.with_suffix(".lock")):
        if not await in_thread(lambda: _is_intact(folder, thorough=True)):
            emit(Stage(StageName.PREPARING, "compiling the Verilator runtime, once per machine"))
            await _build(toolchain, folder)
    return runtime


async def discard(runtime: Runtime) -> None:
    """Throw a damaged runtime away, so that `prepare` compiles it again."""
    async with locked(runtime.folder.with_suffix(".lock")):
        await in_thread(lambda: remove_tree(runtime.folder))


def _model_flags(toolchain: Toolchain, folder: Path) -> tuple[str, ...]:
    header = str(folder / _HEADER_NAME)
    common = _common_flags(toolchain, "-O0")
    if toolchain.compiler.family == "clang":
        return (*common, "-include-pch", header + ".pch", "-I", str(folder))
    # GCC takes header.gch when it finds it beside the header.
    return (*common, "-include", header, "-I", str(folder))


def _common_flags(toolchain: Toolchain, optimisation: str) -> tuple[str, ...]:
    include = toolchain.verilator.include
    return (
        *toolchain.compiler.language_flags,
        optimisation,
        "-w",
        "-I",
        str(include),
        "-I",
        str(include / "vltstd"),
        *_MACROS,
    )


async def _build(toolchain: Toolchain, folder: Path) -> None:
    try:
        await in_thread(lambda: _lay_out(folder))
        include = toolchain.verilator.include
        flags = _common_flags(toolchain, "-Os")
        commands = [
            [*flags, "-c", str(include / source), "-o", Path(source).stem + ".o"] for source in _SOURCES
        ]
        commands.append([*flags, "-c", "driver.cpp", "-o", "driver.o"])
        suffix = ".pch" if toolchain.compiler.family == "clang" else ".gch"
        header = [*_common_flags(toolchain, "-O0"), "-x", "c++-header", _HEADER_NAME]
        commands.append([*header, "-o", _HEADER_NAME + suffix])
        await _compile_all(toolchain, folder, commands)
        await _archive(folder)
        await in_thread(lambda: _write_manifest(folder))
    except BaseException:
        await in_thread(lambda: remove_tree(folder))
        raise


def _lay_out(folder: Path) -> None:
    remove_tree(folder)
    make_folder(folder)
    with storing(folder):
        (folder / _HEADER_NAME).write_text(_HEADER)
        for name in _DRIVER_SOURCES:
            (folder / name).write_text(_driver_text(name))


async def _compile_all(toolchain: Toolchain, folder: Path, commands: Iterable[list[str]]) -> None:
    """Compile on all cores; the first failure stops the rest."""
    slots = asyncio.Semaphore(usable_cores())

    async def compile_one(arguments: list[str]) -> None:
        async with slots:
            done = await run(
                toolchain.compiler.program,
                arguments,
                folder=folder,
                environment=tool_environment(),
                deadline=_COMPILE_SECONDS,
            )
        if not done.ok:
            raise _failure(toolchain.compiler.program, folder, done.output)

    await together(*(compile_one(arguments) for arguments in commands))


async def _archive(folder: Path) -> None:
    members = [Path(source).stem + ".o" for source in _SOURCES]
    done = await run("ar", ["-rcs", _ARCHIVE, *members], folder=folder, environment=tool_environment())
    if not done.ok:
        raise _failure(Path("ar"), folder, done.output)


def _failure(program: Path, folder: Path, output: str) -> StorageError | ToolError:
    """Why the compiler could not do what it always can."""
    if lacks_space(folder, output):
        return no_space(folder)
    words = " ".join(output.split())
    return ToolError(
        f"{program} cannot compile the Verilator runtime: {words[:500]}",
        "Check the C++ compiler and its standard library, or name another one in CXX.",
    )


def usable_cores() -> int:
    """Cores this process may run on."""
    return max(1, len(os.sched_getaffinity(0)))


def _driver_text(name: str) -> str:
    return resources.files("llm4cov_engine.build").joinpath("driver", name).read_text("utf-8")


def _manifest(folder: Path) -> Path:
    return folder / "manifest.json"


def _write_manifest(folder: Path) -> None:
    with storing(folder):
        entries = {
            path.name: {**_seen(path), "sha256": _sha256(path)}
            for path in sorted(folder.iterdir())
            if path.is_file()
        }
    write_whole(_manifest(folder), json.dumps(entries).encode())


def _is_intact(folder: Path, *, thorough: bool) -> bool:
    try:
        entries: dict[str, dict[str, Any]] = json.loads(_manifest(folder).read_bytes())
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
