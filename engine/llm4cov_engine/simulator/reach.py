"""What each program of a simulator call may read and write in the box."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build.environment import tool_environment
from llm4cov_engine.build.recipe import driver
from llm4cov_engine.build.storage import tree_size
from llm4cov_engine.build.toolchain import find_solver
from llm4cov_engine.permission import Permission
from llm4cov_engine.process import Quota
from llm4cov_engine.sandbox.access import Access, installation, named_in, search_folders
from llm4cov_engine.sandbox.finding import Builder

if TYPE_CHECKING:
    from llm4cov_engine.build.compiler import Compiler
    from llm4cov_engine.build.runtime import Runtime
    from llm4cov_engine.build.toolchain import Toolchain
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.simulator.options import SimulatorOptions
    from llm4cov_engine.simulator.workspace import Workspace

MOST_WRITTEN: Final = 512 << 20
"""Bytes of all files that a simulation may write, coverage included."""

MOST_BUILT: Final = 8 << 30
"""Bytes of all files that Verilator and the compiler may write."""

# The runtime's class for constraints: the only part of a model that starts a program, the solver.
_SOLVER_USE: Final = b"VlRandomizer"


def builder(compiler: Compiler) -> Builder:
    """What compiles the sandbox's launcher."""
    _, *arguments = driver(compiler)
    return Builder(compiler.program, (*arguments, *compiler.language_flags), compiler.environment)


def of_verilator(toolchain: Toolchain, space: Workspace, options: SimulatorOptions) -> Access:
    """Verilator reads the sources and writes the model; the user's own arguments may name more to read."""
    tool = toolchain.verilator
    readable = (*installation(tool.program), tool.root, space.source, *named_in(options.extra_args))
    return Access(readable, (space.model,), builds=True)


def of_compiler(
    toolchain: Toolchain, runtime: Runtime, space: Workspace, options: SimulatorOptions
) -> Access:
    """Compiler and linker read the runtime and write beside the model."""
    compiler = toolchain.compiler
    # The package index's compiler has its headers beside itself, not where installations do.
    own = (compiler.program.parent,) if compiler.wheel else installation(compiler.program)
    readable = (
        *own,
        *installation(Path(runtime.recipe.link[0])),
        toolchain.verilator.include,
        runtime.folder,
        *search_folders(tool_environment()),
        *named_in(options.extra_args),
    )
    return Access(readable, (space.model,), builds=True)


def of_simulation(space: Workspace, design: Design, options: SimulatorOptions) -> Access:
    """The simulation writes in its own folders; it starts a program only to solve constraints."""
    allowed = options.allow
    solver = find_solver() if _has_constraints(space.model) else None
    readable = (
        space.model,
        *(installation(solver)[:2] if solver else ()),
        *((design.root,) if design.root and Permission.FILES in allowed else ()),
    )
    spawns = solver is not None or Permission.PROCESSES in allowed
    return Access(readable, (space.source, space.output), spawns=spawns)


def build_quota(space: Workspace) -> Quota:
    """Of what is written before a simulation."""
    return Quota(MOST_BUILT, lambda: tree_size(space.model))


def simulation_quota(space: Workspace) -> Quota:
    """Of what a simulation writes: what was there before does not count."""
    before = tree_size(space.source)
    return Quota(before + MOST_WRITTEN, lambda: tree_size(space.source) + tree_size(space.output))


def _has_constraints(model: Path) -> bool:
    return any(_SOLVER_USE in header.read_bytes() for header in model.glob("*.h"))
