"""Compiles what all simulations share: runtime, driver, header; and finds out how to link with them."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build import header as headers
from llm4cov_engine.build.recipe import (
    LINKERS,
    MODEL,
    PROGRAM,
    Recipe,
    compile_prefix,
    driver,
    link_line,
)
from llm4cov_engine.build.slots import usable_cores
from llm4cov_engine.build.storage import lacks_space, make_folder, no_space, remove_tree, storing, write_whole
from llm4cov_engine.build.toolchain import Toolchain
from llm4cov_engine.errors import StorageError, ToolError
from llm4cov_engine.process import in_thread, run, together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.build.header import Header

RECIPE: Final = "recipe.json"
DRIVER: Final = "driver.o"

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
_COMPILE_SECONDS: Final = 600.0

_CHECK: Final = """\
// The runtime calls these; simulations have them from their driver.
void vl_stop(const char*, int, const char*) {}
void vl_fatal(const char*, int, const char*, const char*) {}
int main() {
    VerilatedContext context;
    context.threads(1);
    std::string text{"runs"};
    text += context.gotFinish() ? "?" : "";
    VL_PRINTF("%s\\n", text.c_str());
}
"""
_CHECKS: Final = {headers.QUICK: MODEL, headers.FAST: "model-fast.o"}
_CHECK_ANSWER: Final = "runs\n"


def driver_texts() -> tuple[str, ...]:
    """The driver's sources."""
    return tuple(map(_driver_text, _DRIVER_SOURCES))


Tell = Callable[[int, int], None]
"""Is told how many files are compiled, and of how many."""


async def make(toolchain: Toolchain, folder: Path, tell: Tell) -> None:
    """Fill a folder with what is shared; whatever was there before is removed.

    Raises:
        ToolError: the compiler cannot compile it, or nothing links it.
        StorageError: there is no space left.
    """
    began = time.monotonic()
    await in_thread(lambda: _lay_out(folder))
    prefix = await compile_prefix(toolchain.compiler, folder)
    work = _Work(toolchain, folder, prefix, tell)
    header, _ = await together(work.precompile(), work.compile_runtime())
    assert header is not None
    recipe = await _linked(toolchain, folder, prefix, header)
    seconds = time.monotonic() - began
    await in_thread(lambda: _finish(folder, replace(recipe, seconds=seconds)))


def _lay_out(folder: Path) -> None:
    remove_tree(folder)
    make_folder(folder)
    # The wheel's compiler says nothing of how it links what it linked before.
    unique = f'extern const char unique[]{{"{uuid.uuid4().hex}"}};\n'
    with storing(folder):
        (folder / "check.cpp").write_text(_CHECK + unique)
        for name in _DRIVER_SOURCES:
            (folder / name).write_text(_driver_text(name))


def _finish(folder: Path, recipe: Recipe) -> None:
    for name in ("check.cpp", "empty.cpp", "empty.o", *_CHECKS.values()):
        (folder / name).unlink(missing_ok=True)
    write_whole(folder / RECIPE, recipe.dump(folder).encode())


@dataclass(slots=True)
class _Work:
    """The files that are being compiled."""

    toolchain: Toolchain
    folder: Path
    prefix: tuple[str, ...]
    tell: Tell
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(usable_cores()))
    done: int = 0
    total: int = 0

    async def compile_runtime(self) -> None:
        flags = (*self.prefix, *headers.common_flags(self.toolchain, "-Os"))
        include = self.toolchain.verilator.include
        jobs = [(*flags, "-c", str(include / name), "-o", _object(name)) for name in _SOURCES]
        await self._run_all([*jobs, (*flags, "-c", "driver.cpp", "-o", DRIVER)])

    async def precompile(self) -> Header:
        """Make the best header that this runtime and compiler take, for both levels of optimisation."""
        failure: ToolError | None = None
        for header in headers.candidates(self.toolchain.compiler.family):
            for level in _CHECKS:
                await in_thread(partial(_write, self.folder / headers.name(level), header.text))
            making, using = _header_jobs(self.toolchain, self.folder, self.prefix, header)
            try:
                await self._run_all(making)
                await self._run_all(using)
            except ToolError as error:
                failure = failure or error
            else:
                return header
        assert failure is not None
        raise failure

    async def _run_all(self, commands: Sequence[Sequence[str]]) -> None:
        """Run compilers on all cores; the first failure stops the rest."""
        self.total += len(commands)
        await together(*(self._run(command) for command in commands))

    async def _run(self, command: Sequence[str]) -> None:
        async with self.slots:
            finished = await run(
                command[0],
                command[1:],
                folder=self.folder,
                environment=self.toolchain.compiler.environment,
                deadline=_COMPILE_SECONDS,
            )
        if not finished.ok:
            raise _failure(self.folder, command[0], finished.output)
        self.done += 1
        self.tell(self.done, self.total)


def _header_jobs(
    toolchain: Toolchain, folder: Path, prefix: tuple[str, ...], header: Header
) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """What makes a header, and what then shows that it can be used."""
    making, using = [], []
    for level, check in _CHECKS.items():
        flags = (*prefix, *headers.common_flags(toolchain, level))
        target = headers.precompiled(toolchain.compiler.family, level)
        making.append((*flags, *header.flags, "-x", "c++-header", headers.name(level), "-o", target))
        generated = _generated(toolchain, folder, prefix, header, level)
        using.append((*generated, "-c", "check.cpp", "-o", check))
        if header.has_code and level == headers.FAST:
            # Models that are compiled quickly run faster too with what is optimised here, once.
            using.append((*flags, "-c", target, "-o", headers.CODE))
    return making, using


def _generated(
    toolchain: Toolchain, folder: Path, prefix: tuple[str, ...], header: Header, level: str
) -> tuple[str, ...]:
    """The command that compiles generated code."""
    family = toolchain.compiler.family
    return (
        *prefix,
        *headers.common_flags(toolchain, level),
        *headers.use_flags(family, header, folder, level),
    )


async def _linked(toolchain: Toolchain, folder: Path, prefix: tuple[str, ...], header: Header) -> Recipe:
    """The first linker whose programs run."""
    quick, fast = (
        _generated(toolchain, folder, prefix, header, level) for level in (headers.QUICK, headers.FAST)
    )
    libraries = [headers.CODE] if header.has_code else []
    libraries += [_object(name) for name in _SOURCES]
    paths = [str(folder / name) for name in libraries]
    failures: list[str] = []
    names = ("lld",) if toolchain.compiler.wheel else tuple(LINKERS)
    for name in names:
        try:
            recipe = Recipe(quick, fast, name, await link_line(toolchain.compiler, folder, name, paths))
            failure = await _trouble(toolchain, folder, recipe.link_command([MODEL], PROGRAM))
        except ToolError as error:
            failure = error.what
        if not failure:
            return recipe
        failures.append(f"{name}: {failure}")
    link = (*driver(toolchain.compiler), MODEL, *paths, "-pthread", "-o", PROGRAM)
    failure = await _trouble(toolchain, folder, link)
    if failure:
        raise _failure(folder, str(toolchain.compiler.program), "; ".join(failures)[:1500])
    return Recipe(quick, fast, "the compiler's own", link)


async def _trouble(toolchain: Toolchain, folder: Path, link: Sequence[str]) -> str:
    """Why a linker cannot be used; "" for one that can."""
    environment = toolchain.compiler.environment
    done = await run(link[0], link[1:], folder=folder, environment=environment, deadline=_COMPILE_SECONDS)
    if not done.ok:
        return " ".join(done.output.split())[:300] or "it failed without a word"
    program = folder / PROGRAM
    ran = await run(program, [], folder=folder, environment=environment, deadline=_COMPILE_SECONDS)
    await in_thread(program.unlink)
    if ran.ok and ran.output == _CHECK_ANSWER:
        return ""
    return f"what it links does not run: {ran.output[:200]}"


def _failure(folder: Path, program: str, output: str) -> StorageError | ToolError:
    """Why the compiler could not do what it always can."""
    if lacks_space(folder, output):
        return no_space(folder)
    words = " ".join(output.split())
    return ToolError(
        f"{program} cannot compile the Verilator runtime: {words[:500]}",
        "Check the C++ compiler and its standard library, or name another one in CXX.",
    )


def _write(path: Path, text: str) -> None:
    with storing(path):
        path.write_text(text)


def _object(source: str) -> str:
    return Path(source).stem + ".o"


def _driver_text(name: str) -> str:
    return resources.files("llm4cov_engine.build").joinpath("driver", name).read_text("utf-8")
