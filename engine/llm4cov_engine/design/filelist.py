"""Filelists (.f): the command-line files simulators share.

There is no standard for them. This follows what Verilator and the large simulators agree on: whitespace
separates arguments, `//`, `#` and `/* */` start comments, `-f` reads another list whose paths are relative
to where the first one's are, `-F` one whose paths are relative to itself, and environment variables are
expanded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from llm4cov_engine.design.texts import read_text
from llm4cov_engine.errors import DesignError, Llm4CovError

_DEEPEST = 32
"""Nested lists; a list that names itself is found by this."""

_WITH_VALUE = {"-y", "-v", "-f", "-F", "-I", "-D", "-top", "--top", "-top-module", "--top-module"}

_WITH_UNUSED_VALUE = {
    "-o",
    "-l",
    "-Mdir",
    "--Mdir",
    "-timescale",
    "--timescale",
    "-work",
    "-prefix",
    "--prefix",
}
"""Options of simulators that take a value and say nothing about the design."""

_ATTACHED = ("-I", "-D", "-G")
"""Options whose value follows without a space."""

_RTL = (".v", ".sv", ".vh", ".svh", ".vp", ".svp", ".vlib", ".h", ".inc")

_UP = 3
"""How many folders above a list its paths may be relative to."""


@dataclass
class Filelist:
    """What a filelist names, paths absolute, in its order.

    Attributes:
        sources: files to compile.
        include_dirs: +incdir+ and -I.
        defines: +define+ and -D, name to value.
        library_files: -v.
        library_dirs: -y.
        library_extensions: +libext+; empty when none is given.
        parameters: -G, name to value.
        top: --top, "" when none is given.
        ignored: options that mean nothing here, each once.
    """

    sources: list[Path] = field(default_factory=list)
    include_dirs: list[Path] = field(default_factory=list)
    defines: dict[str, str] = field(default_factory=dict)
    library_files: list[Path] = field(default_factory=list)
    library_dirs: list[Path] = field(default_factory=list)
    library_extensions: list[str] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    top: str = ""
    ignored: list[str] = field(default_factory=list)


def read_filelist(path: Path, environment: Mapping[str, str] | None = None) -> Filelist:
    """Read a filelist and those it names.

    Its paths are relative to its own folder, or to whichever of the current folder and the next folders
    above the list makes more of them lead to a file: simulators take the folder they are started in.

    Raises:
        DesignError: an argument lacks its value, a variable is not set, lists name each other.
        StorageError: a list cannot be read.
    """
    path = path.absolute()
    bases = dict.fromkeys([path.parent, Path.cwd(), *path.parent.parents[:_UP]])
    best: tuple[int, Filelist] | None = None
    error: Llm4CovError | None = None
    for base in bases:
        found = Filelist()
        try:
            _Reading(found, os.environ if environment is None else environment).read(path, base, 0)
        except Llm4CovError as problem:
            # Most often a nested list that is not there from this base; the first base's complaint counts.
            error = error or problem
            continue
        missing = sum(not source.is_file() for source in found.sources)
        if best is None or missing < best[0]:
            best = missing, found
        if not missing:
            break
    if best is None:
        assert error is not None
        raise error
    return best[1]


@dataclass
class _Reading:
    found: Filelist
    environment: Mapping[str, str]

    def read(self, path: Path, base: Path, depth: int) -> None:
        """Read one list whose paths are relative to `base`."""
        if depth > _DEEPEST:
            raise DesignError(
                f"{path} is read by itself, by way of others.", "Break the circle of -f options."
            )
        words = iter(arguments(read_text(path)))
        for word, line in words:
            place = f"{path}:{line}"
            option = self._expanded(word, place)
            if option.startswith("+"):
                self._plus(option, base)
                continue
            name, value = _split(option)
            if (name in _WITH_VALUE or name in _WITH_UNUSED_VALUE) and not value:
                following = next(words, None)
                if following is None:
                    raise DesignError(f"{place}: {name} lacks its value.", "Write it after the option.")
                value = self._expanded(following[0], place)
            if name in ("-f", "-F"):
                nested = _absolute(base, value)
                self.read(nested, nested.parent if name == "-F" else base, depth + 1)
            elif name.startswith("-"):
                self._option(name, value, base)
            elif option.lower().endswith(_RTL):
                self.found.sources.append(_absolute(base, option))
            else:
                self._ignore(option)

    def _plus(self, option: str, base: Path) -> None:
        kind, *values = option[1:].split("+")
        if kind == "incdir":
            self.found.include_dirs += [_absolute(base, value) for value in values if value]
        elif kind == "define":
            for value in values:
                name, _, text = value.partition("=")
                if name:
                    self.found.defines[name] = text
        elif kind == "libext":
            self.found.library_extensions += [value for value in values if value]
        else:
            self._ignore(f"+{kind}")

    def _option(self, name: str, value: str, base: Path) -> None:
        if name == "-y":
            self.found.library_dirs.append(_absolute(base, value))
        elif name == "-v":
            self.found.library_files.append(_absolute(base, value))
        elif name == "-I":
            self.found.include_dirs.append(_absolute(base, value))
        elif name == "-D":
            macro, _, text = value.partition("=")
            self.found.defines[macro] = text
        elif name == "-G":
            parameter, _, text = value.partition("=")
            self.found.parameters[parameter] = text
        elif name.lstrip("-") in ("top", "top-module"):
            self.found.top = value
        else:
            self._ignore(name)

    def _ignore(self, option: str) -> None:
        if option not in self.found.ignored:
            self.found.ignored.append(option)

    def _expanded(self, word: str, place: str) -> str:
        def value(match: re.Match[str]) -> str:
            name = match[1] or match[2] or match[3]
            if name not in self.environment:
                raise DesignError(f"{place}: the environment variable {name} is not set.", f"Set {name}.")
            return self.environment[name]

        return _VARIABLE.sub(value, word)


_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|\((\w+)\)|([A-Za-z_]\w*))")

# A comment starts where a word would: "rtl/*.v" and "rtl//top.v" are paths.
_COMMENT = re.compile(r"(?:^|(?<=\s))(?:/\*.*?\*/|(?://|#)[^\n]*)", re.DOTALL)

_WORD = re.compile(r"""(?:"[^"\n]*"|'[^'\n]*'|\\.|[^\s"'\\])+""")


def arguments(text: str) -> list[tuple[str, int]]:
    """The words of a filelist without comments and quotes, each with its line from 1."""
    plain = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    found = []
    line, reached = 1, 0
    for match in _WORD.finditer(plain):
        line += plain.count("\n", reached, match.start())
        reached = match.start()
        word = re.sub(r"""(["'])(.*?)\1|\\(.)""", lambda quoted: quoted[2] or quoted[3] or "", match[0])
        if word:
            found.append((word, line))
    return found


def _split(option: str) -> tuple[str, str]:
    """An option and the value that is written without a space after it."""
    for name in _ATTACHED:
        if option.startswith(name):
            return name, option[len(name) :]
    return option, ""


def _absolute(base: Path, name: str) -> Path:
    return Path(os.path.normpath(base / name))
