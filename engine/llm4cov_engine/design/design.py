"""R, the fixed hardware repository a testbench is written for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from llm4cov_engine.coverage.target import Target
from llm4cov_engine.digest import digest


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One text file of a design.

    Attributes:
        name: path relative to the design's root, POSIX separators, never absolute, never with "..".
        text: the whole content, decoded.
    """

    name: str
    text: str


@dataclass(frozen=True)
class Design:
    """R of the paper (section 3): everything about the hardware that no round changes.

    All content is held in memory, so a design read from a dataset row and one read from a folder are the
    same thing, can be hashed, sent to another machine and laid out in a private work folder.

    Attributes:
        id: short name for people and exports: the folder's, file's or dataset row's.
        sources: RTL files in compile order.
        top: name of the DUT's module.
        instance: the name the testbench must give to the DUT instance.
        headers: files that sources include, by name.
        include_dirs: folders searched for headers, relative to the root; "." is the root.
        defines: preprocessor macros, name to value ("" for a bare +define+NAME).
        parameters: overrides of the top's parameters, name to SystemVerilog expression.
        data: memory images and the like that the RTL reads by name at time 0.
        specs: documents that describe the hardware, for policies that read them.
        targets: coverage that counts as closed; empty when nobody set one.
        instruction: what the user or the dataset asks for, in words; "" for nothing.
        root: the folder names are relative to, for showing and opening files; None for a dataset row.
        notes: what was left out or assumed while loading, one sentence each.
    """

    id: str
    sources: tuple[SourceFile, ...]
    top: str
    instance: str = "dut"
    headers: tuple[SourceFile, ...] = ()
    include_dirs: tuple[str, ...] = ()
    defines: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    data: tuple[SourceFile, ...] = ()
    specs: tuple[SourceFile, ...] = ()
    targets: tuple[Target, ...] = ()
    instruction: str = ""
    root: Path | None = None
    notes: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """Identity of what a simulator sees: RTL, headers, data, defines, parameters, top and instance."""
        parts: list[str] = [self.top, self.instance, *self.include_dirs]
        for group in (self.sources, self.headers, self.data):
            parts.append(str(len(group)))
            for file in group:
                parts += [file.name, file.text]
        for table in (self.defines, self.parameters):
            parts.append(str(len(table)))
            for name in sorted(table):
                parts += [name, table[name]]
        return digest(parts)
