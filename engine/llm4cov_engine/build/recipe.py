"""How a compiler's driver compiles and links, recorded once so that the work can be asked for directly."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import uuid
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build.compiler import Compiler, Family, wheel_folder
from llm4cov_engine.build.storage import write_whole
from llm4cov_engine.errors import ToolError
from llm4cov_engine.process import in_thread, run

if TYPE_CHECKING:
    from collections.abc import Sequence

MODEL: Final = "model.o"
PROGRAM: Final = "program"
_HERE: Final = "@RUNTIME@"

LINKERS: Final = {"mold": "mold", "lld": "ld.lld", "gold": "ld.gold", "bfd": "ld.bfd"}
"""Linkers by the name -fuse-ld takes, the fastest first, and the programs behind them."""

# Symbols of a program nobody debugs, and parts of the runtime that no model of this kind needs.
_LINK_OPTIONS: Final = ("-Wl,--gc-sections", "-Wl,--build-id=none", "-s")

_RECORD_SECONDS: Final = 60.0
_WHEEL_SECONDS: Final = 1800.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """The commands, each with its program first.

    Attributes:
        quick: compiles with generated code's options; what and where to is added.
        fast: the same for a program that runs faster.
        linker: name of the linker.
        seconds: that it took to set all this up.
        link: links; MODEL stands for the objects and PROGRAM for what is made of them.
    """

    quick: tuple[str, ...]
    fast: tuple[str, ...]
    linker: str
    link: tuple[str, ...]
    seconds: float = 0.0

    def compile_command(self, source: str, target: str, *, optimise: bool = False) -> tuple[str, ...]:
        """Compile one file of generated code."""
        return (*(self.fast if optimise else self.quick), "-I.", "-c", source, "-o", target)

    def link_command(self, objects: Sequence[str], program: str) -> tuple[str, ...]:
        """Link objects with the runtime."""
        words: list[str] = []
        for word in self.link:
            words += objects if word == MODEL else [program if word == PROGRAM else word]
        return tuple(words)

    def dump(self, folder: Path) -> str:
        """As JSON in which the runtime's folder has a name of its own: caches may be moved."""
        record = {
            "quick": [word.replace(str(folder), _HERE) for word in self.quick],
            "fast": [word.replace(str(folder), _HERE) for word in self.fast],
            "linker": self.linker,
            "link": [word.replace(str(folder), _HERE) for word in self.link],
            "seconds": self.seconds,
        }
        return json.dumps(record)

    @classmethod
    def read(cls, text: str, folder: Path) -> Recipe:
        """From JSON, for the runtime's folder.

        Raises:
            ValueError, TypeError, KeyError: it is none.
        """
        record = json.loads(text)
        quick, fast, link = (
            tuple(word.replace(_HERE, str(folder)) for word in record[command])
            for command in ("quick", "fast", "link")
        )
        return cls(quick, fast, record["linker"], link, record["seconds"])


def driver(compiler: Compiler) -> tuple[str, ...]:
    """The command that drives compiler and linker."""
    return (str(compiler.program), *compiler.arguments)


def linkers() -> tuple[Path, ...]:
    """The linkers in PATH."""
    found = (shutil.which(program) for program in LINKERS.values())
    return tuple(Path(program) for program in found if program)


async def compile_prefix(compiler: Compiler, folder: Path) -> tuple[str, ...]:
    """The command that compiles, before any options of ours.

    Args:
        folder: to try it in.

    The wheel's driver takes a while to start; behind it stands a plain clang that wants to be told where its
    headers are.

    Raises:
        ToolError: the driver does not say.
    """
    if not compiler.wheel:
        return driver(compiler)
    # It says nothing of how it does what it did before.
    await in_thread(lambda: write_whole(folder / "empty.cpp", f"// {uuid.uuid4().hex}\n".encode()))
    words = await _spoken(compiler, folder, ["--verbose", "-c", "empty.cpp", "-o", "empty.o"], "-triple")
    kept: list[str] = []
    for option, value in pairwise(words):
        if option in ("-isystem", "-D"):
            kept += [option, value]
    target = f"--target={words[words.index('-triple') + 1]}"
    plain = ("clang", "--driver-mode=g++", target, "-nostdinc", "-nostdinc++")
    return (str(compiler.program), *plain, *kept)


async def link_line(
    compiler: Compiler, folder: Path, linker: str, libraries: Sequence[str]
) -> tuple[str, ...]:
    """The linker's own command line for MODEL and libraries.

    Args:
        folder: that holds an object MODEL and the libraries.
        linker: one of LINKERS; not looked at for the wheel, which has its own.

    Raises:
        ToolError: the driver does not say.
    """
    wanted = [MODEL, *libraries, "-pthread", "-o", PROGRAM]
    if compiler.wheel:
        words = await _spoken(compiler, folder, ["--verbose", *wanted], "ld.lld")
        return _of_wheel(compiler, folder, words)
    wanted = [f"-fuse-ld={linker}", *_LINK_OPTIONS, *wanted]
    words = await _spoken(compiler, folder, ["-###", *wanted], PROGRAM)
    return _direct(compiler, linker, words)


async def _spoken(compiler: Compiler, folder: Path, arguments: Sequence[str], word: str) -> list[str]:
    """The last line that names a word, of what a driver says it does."""
    first, *rest = driver(compiler)
    deadline = _WHEEL_SECONDS if compiler.wheel else _RECORD_SECONDS
    done = await run(
        first, [*rest, *arguments], folder=folder, environment=compiler.environment, deadline=deadline
    )
    for line in reversed(done.output.splitlines() if done.ok else []):
        if word in line:
            words = shlex.split(line)
            # GCC also tells the options it read, as variables.
            if word in words and "=" not in words[0]:
                return words
    reason = " ".join(done.output.split())[-300:]
    raise ToolError(f"{first} does not say how it links: {reason}", "Check the C++ compiler.")


def _direct(compiler: Compiler, linker: str, words: Sequence[str]) -> tuple[str, ...]:
    program = words[0]
    if compiler.family is Family.GCC:
        # GCC puts a program of its own before the linker, for its plugin, which nothing here needs.
        found = shutil.which(LINKERS[linker])
        if found is None:
            raise ToolError(f"The linker {linker} was not found.", "Install binutils.")
        program = found
    kept: list[str] = []
    skip = False
    for word in words[1:]:
        if skip or re.match(r"-plugin-opt=|-fuse-ld=", word):
            skip = False
        elif word == "-plugin":
            skip = True
        else:
            kept.append(word)
    return (program, *kept, *(["--no-fork"] if linker == "mold" else []))


def _of_wheel(compiler: Compiler, folder: Path, spoken: Sequence[str]) -> tuple[str, ...]:
    """The wheel's command, without an option its own linker does not know and the checks nobody asked for.

    What it compiled for itself is copied beside the rest: its cache may be cleared.
    """
    kept: list[str] = []
    skip = False
    for word in spoken[1:]:
        if skip:
            skip = False
        elif word == "-mllvm":
            skip = True
        elif not word.endswith("libubsan_rt.a"):
            kept.append(word)
    words = (_copied(folder, word) for word in kept)
    return (str(compiler.program), "ld.lld", "--gc-sections", "-s", *words)


def _copied(folder: Path, word: str) -> str:
    """A word of the command; the copy of the file where it names one in the wheel's cache."""
    path = (folder / word).resolve()
    if not path.is_relative_to(wheel_folder().resolve()) or not path.is_file():
        return word
    # A shared library is known by the name it gives itself, not by its file's.
    copy = folder / f"system-{path.name}"
    shutil.copyfile(path, copy)
    return str(copy)
