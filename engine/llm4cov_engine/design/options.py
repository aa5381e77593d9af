"""What a user says about a design besides its name; it wins over whatever else is found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from llm4cov_engine.errors import SettingsError

_MACRO = re.compile(r"[A-Za-z_][\w$]*")


@dataclass(frozen=True, slots=True)
class DesignOptions:
    """Overrides of what loading finds; what is empty overrides nothing.

    Attributes:
        top: name of the DUT's module.
        instance: the name the testbench must give to the DUT instance.
        include_dirs: folders to search for headers before any other, relative to the current folder.
        defines: preprocessor macros as "NAME" or "NAME=VALUE", added to those found.
        specs: documents that describe the hardware, instead of those found; relative to the current folder.
        parameters: overrides of the top's parameters, name to SystemVerilog expression, added to those found.
    """

    top: str = ""
    instance: str = ""
    include_dirs: tuple[Path, ...] = ()
    defines: tuple[str, ...] = ()
    specs: tuple[Path, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)


def macros(texts: tuple[str, ...] | list[str]) -> dict[str, str]:
    """Macros from "NAME" and "NAME=VALUE", name to value; the last one of a name counts.

    Raises:
        SettingsError: a text that is neither.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not _MACRO.fullmatch(name):
            raise SettingsError(
                f"'{text}' does not define a macro.", "Write NAME or NAME=VALUE, with NAME an identifier."
            )
        found[name] = value
    return found
