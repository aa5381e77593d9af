"""Objections that a testbench's text earns before it is parsed.

These hold wherever the words stand, in macros nobody calls and in parts that are switched off too: the
compiler may read those otherwise than the parser.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from llm4cov_engine.permission import Permission
from llm4cov_engine.screening.objection import Objection, objection
from llm4cov_engine.screening.words import (
    LARGEST_EXPANSION,
    code_of,
    comments_of,
    expansion,
    span_at,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm4cov_engine.testbench import Testbench

_META_COMMENT: Final = re.compile(r"(?://|/\*)\s*verilator\s+([a-z_0-9]+)", re.IGNORECASE)
_STEERING: Final = re.compile(
    r"coverage_|public|forceable|foreign|sc_|systemc|no_inline|inline_module|hier_block|split_var|isolate_|"
    r"clocker|no_clocker|clock_enable|trace_init_task"
)

_INCLUDE: Final = re.compile(r"`include\b[ \t]*")
_LITERAL: Final = re.compile(r"\"([^\"\n]*)\"|<([^>\n]*)>")

# Plain words that come first, because they cost nothing to look for; then what they must be part of.
_WORDS: Final = (
    (
        ("$system",),
        re.compile(r"\$system\b"),
        "StartsProcess",
        "the testbench runs a command by $system; a testbench starts no programs",
        Permission.PROCESSES,
    ),
    (
        ("$c",),
        re.compile(r"\$c(?:pure|_p\w*)?\d*\s*(?=\()"),
        "ForeignCode",
        "the testbench holds C++ code in $c; write it in SystemVerilog",
        Permission.FOREIGN,
    ),
    (
        ("import", "export"),
        re.compile(r"\b(?:import|export)\s*(?=\")"),
        "ForeignCode",
        "the testbench imports or exports a C function by DPI; write it in SystemVerilog",
        Permission.FOREIGN,
    ),
    (
        ("`systemc_",),
        re.compile(r"`systemc_\w+"),
        "ForeignCode",
        "the testbench puts text into the generated C++ by a `systemc_ directive; write it in SystemVerilog",
        Permission.FOREIGN,
    ),
    (
        ("`verilator_config",),
        re.compile(r"`verilator_config\b"),
        "SteersCoverage",
        "the testbench switches to Verilator's configuration language; remove `verilator_config",
        Permission.COVERAGE,
    ),
    (
        ("`pragma", "`protect", "`uselib"),
        re.compile(r"`(?:pragma\s+protect|protect|protected|uselib)\b"),
        "HiddenText",
        "the testbench has protected parts or names libraries; it must be plain SystemVerilog",
        None,
    ),
    (
        ("`line",),
        re.compile(r"`line\s+\d"),
        "FalsePlaces",
        "the testbench changes file names and line numbers by `line; remove the directive",
        None,
    ),
)


def lexical_objections(testbench: Testbench) -> Iterator[Objection]:
    """Objections to a testbench's text, in no particular order."""
    text = testbench.text
    if "`define" in text and expansion(text) > LARGEST_EXPANSION:
        yield objection(
            "TestbenchSize", f"the testbench's macros grow to more than {LARGEST_EXPANSION} characters"
        )
    yield from _in(testbench, text)
    if "``" in text:
        # Words that macros put together; places would be wrong where something was left out before them.
        seen = {one.problem.code for one in _in(testbench, text)}
        joined = text.replace("``", "")
        yield from (one for one in _in(testbench, joined) if one.problem.code not in seen)


def _in(testbench: Testbench, text: str) -> Iterator[Objection]:
    code = code_of(text)
    for needles, expression, name, message, permission in _WORDS:
        if not any(needle in code for needle in needles):
            continue
        for match in expression.finditer(code):
            yield objection(name, message, span_at(testbench.name, text, *match.span()), permission)
    yield from _includes(testbench.name, text, code)
    if "erilator" not in text.lower():
        return
    for start, comment in comments_of(text):
        words = _META_COMMENT.match(comment)
        if words is not None and _STEERING.match(words[1].lower()):
            message = f"the comment `verilator {words[1]}` steers what is measured or kept; remove it"
            where = span_at(testbench.name, text, start, start + words.end())
            yield objection("SteersCoverage", message, where, Permission.COVERAGE)


def _includes(name: str, text: str, code: str) -> Iterator[Objection]:
    for start, end, path in _foreign_includes(text, code):
        message = (
            f"the testbench includes {path!r}, which is outside the design"
            if path
            else "the testbench includes a file whose name a macro makes; write the name itself"
        )
        yield objection("ForeignInclude", message, span_at(name, text, start, end), Permission.INCLUDES)


def _foreign_includes(text: str, code: str) -> Iterator[tuple[int, int, str]]:
    """Places and names of the includes that lead anywhere but into the design; "" for an unknown name."""
    for match in _INCLUDE.finditer(code):
        literal = _LITERAL.match(text, match.end())
        if literal is None:
            yield match.start(), match.end(), ""
            continue
        path = literal[1] or literal[2] or ""
        if path.startswith(("/", "~")) or ".." in path.split("/") or "\\" in path:
            yield match.start(), literal.end(), path


def without_foreign_includes(text: str) -> str:
    """The text with those includes blanked out: a parser would open whatever file they name."""
    if "`include" not in text.replace("``", ""):
        return text
    for start, end, _ in list(_foreign_includes(text, code_of(text))):
        text = text[:start] + " " * (end - start) + text[end:]
    return text
