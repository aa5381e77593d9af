"""Verilog files that use the keywords of SystemVerilog as names: `bit`, `do`, `final`, `priority`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llm4cov_engine.design.design import SourceFile

# Without the keywords of configurations (`cell`, `design`, `use`), which RTL has no use for except as names.
_BEGIN = '`begin_keywords "1364-2001-noconfig" '
_END = "`end_keywords\n"

_CHOSEN = re.compile(r"`begin_keywords\b")

TYPES = frozenset(
    {"bit", "byte", "chandle", "int", "logic", "longint", "shortint", "shortreal", "string", "void"}
)
"""Where one of these stands for a type, the text is SystemVerilog, however it parses as Verilog."""


def as_verilog(source: SourceFile) -> SourceFile | None:
    """The file with the keywords of Verilog-2001 (IEEE 1800-2023, 22.14), every line where it was.

    None for a file that is SystemVerilog by its name, or that says itself which keywords it has.
    """
    if not source.name.endswith(".v") or _CHOSEN.search(source.text):
        return None
    end = _END if source.text.endswith("\n") else "\n" + _END
    return replace(source, text=_BEGIN + source.text + end)


def is_as_verilog(source: SourceFile) -> bool:
    """Whether a file is what `as_verilog` made of one."""
    return source.text.startswith(_BEGIN)
