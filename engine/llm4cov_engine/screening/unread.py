"""Objections to a testbench that the parser could not read to its end, while Verilator perhaps can.

Nothing but its words can be looked at, and only what is beyond doubt is refused: a testbench with a mistake
in it belongs to the compiler, whose complaints a policy repairs by.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from llm4cov_engine.permission import Permission
from llm4cov_engine.screening.file_names import FILE_TASKS, is_inside
from llm4cov_engine.screening.objection import Objection, objection
from llm4cov_engine.screening.words import code_of, span_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm4cov_engine.screening.reading import Reading
    from llm4cov_engine.screening.writes import Road

_FILE_CALL: Final = re.compile(
    rf"(?:{'|'.join(re.escape(task) for task in sorted(FILE_TASKS))})\s*\(\s*(?=\")"
)
_LITERAL: Final = re.compile(r"\"((?:\\.|[^\"\\])*)\"")
_FORCE: Final = re.compile(r"\b(?:force|release|deassign)\b([^;=]*)")
_BIND: Final = re.compile(r"\bbind\s+\\?(\w+)")


def unread_objections(reading: Reading, road: Road) -> Iterator[Objection]:
    """Objections by words alone."""
    name, text = reading.testbench.name, reading.testbench.text
    code = code_of(text)
    for match in _FILE_CALL.finditer(code):
        literal = _LITERAL.match(text, match.end())
        if literal is not None and not is_inside(literal[1]):
            message = f"the testbench reaches for {literal[1]!r}; it may use files of its work folder only"
            yield objection("ForeignFile", message, span_at(name, text, *match.span()), Permission.FILES)
    for match in _FORCE.finditer(code):
        if path := road.path(match[1]):
            message = f"the testbench forces {path!r} inside the DUT; drive its ports instead"
            yield objection("WritesDut", message, span_at(name, text, *match.span()), Permission.FORCE)
    for match in _BIND.finditer(code):
        if match[1] in {*reading.facts.names, *road.names}:
            message = f"the testbench binds code of its own into {match[1]!r}; check the DUT from outside"
            yield objection("BindsIntoDut", message, span_at(name, text, *match.span()), Permission.BIND)
