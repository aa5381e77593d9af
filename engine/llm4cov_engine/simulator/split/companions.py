"""Which RTL files a testbench needs beside the stub of the DUT."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.elaboration.syntax import declared
from llm4cov_engine.simulator.split.wrapper import UnsplittableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm4cov_engine.testbench import Testbench

_COMMENT: Final = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:[^\"\\\n]|\\.)*\"", re.DOTALL)
_WORD: Final = re.compile(r"(?<![`$\w])[A-Za-z_]\w*")
_MACRO: Final = re.compile(r"`\s*(?:ifdef|ifndef|elsif|undef)?\s*([A-Za-z_]\w*)")
_DEFINED: Final = re.compile(r"`define\s+([A-Za-z_]\w*)")
_LASTING: Final = re.compile(r"`(timescale|default_nettype)\b([^\n]*)|`(resetall)\b")


@dataclass(frozen=True, slots=True)
class Companion:
    """One RTL file: what it declares, and what of other files' declarations it names."""

    name: str
    declares: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Companions:
    """What is known of a design's RTL files without reading them again.

    Attributes:
        files: in compile order.
        macros: that they define: a testbench that asks for one of these needs them all.
        directives: compiler directives that still hold where the testbench begins.
    """

    files: tuple[Companion, ...]
    macros: frozenset[str]
    directives: str

    def needed(self, design: Design, testbench: Testbench) -> tuple[SourceFile, ...]:
        """The RTL files that a testbench needs, without the DUT.

        Raises:
            UnsplittableError: it needs the DUT's own, or what their macros say.
        """
        text = _COMMENT.sub(" ", testbench.text)
        asked = self.macros.intersection(_MACRO.findall(text))
        if asked:
            raise UnsplittableError(f"the testbench uses the RTL's macro {min(asked)}")
        # The DUT's name leads to the stub, not to its file.
        wanted = set(_WORD.findall(text)) - {design.top}
        chosen: set[str] = set()
        while True:
            more = [each for each in self.files if each.name not in chosen and wanted & {*each.declares}]
            if not more:
                break
            chosen |= {each.name for each in more}
            wanted |= {name for each in more for name in each.names}
        for each in self.files:
            if each.name in chosen and design.top in each.declares:
                raise UnsplittableError(f"the testbench names other declarations of {each.name}")
        return tuple(source for source in design.sources if source.name in chosen)


def read_companions(design: Design) -> Companions:
    """Read what a design's files declare and name."""
    declares = {
        source.name: tuple(each.name for each in declared(source.text, source.name))
        for source in design.sources
    }
    known = {name for names in declares.values() for name in names}
    plain = {source.name: _COMMENT.sub(" ", source.text) for source in design.sources}
    files = tuple(
        Companion(
            name, declares[name], tuple(sorted(known.intersection(_WORD.findall(text)) - {*declares[name]}))
        )
        for name, text in plain.items()
    )
    headers = (_COMMENT.sub(" ", header.text) for header in design.headers)
    macros = {name for text in (*plain.values(), *headers) for name in _DEFINED.findall(text)}
    return Companions(files, frozenset(macros), _directives(plain.values()))


def _directives(texts: Iterable[str]) -> str:
    """The compiler directives in force after some texts (IEEE 1800-2017, 22)."""
    lasting: dict[str, str] = {}
    for text in texts:
        for name, value, reset in _LASTING.findall(text):
            if reset:
                lasting.clear()
            else:
                lasting[name] = value.strip()
    return "".join(f"`{name} {value}\n" for name, value in lasting.items())


def reduced(design: Design, stub: str, companions: tuple[SourceFile, ...], directives: str) -> Design:
    """The design that a round of a split build verilates: the stub instead of the DUT.

    What stands in its files holds for the testbench as after the whole RTL.
    """
    name = f"{design.top}_stub.sv"
    while name in {file.name for file in (*companions, *design.headers, *design.data)}:
        name = f"the_{name}"
    text = f"`default_nettype wire\n{stub}\n`resetall\n{directives}"
    return replace(design, sources=(*companions, SourceFile(name, text)))
