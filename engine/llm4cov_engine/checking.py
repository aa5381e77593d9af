"""Problems in texts that are still being written: a design's RTL, and testbenches for it.

Nothing is simulated or saved, and no file is opened. Testbenches are looked at with the design's headers,
macros and modules in sight, as the compiler will see them, and by the screen that stands before a simulation.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from llm4cov_engine.design.design import SourceFile
from llm4cov_engine.elaboration.checking import LiveProblem

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.elaboration.records import Span
    from llm4cov_engine.permission import Permission

LARGEST = 16 * 1024 * 1024
"""Characters of design and text together above which nothing is checked: it would not be live."""

_INCLUDE = re.compile(r'`include\s*["<]([^">\n]*)[">]')

_STILL_COMING = frozenset({"TestbenchEmpty", "NoDutInstance"})
"""What the screen says of every testbench that has just been begun."""


def with_texts(design: Design, texts: Mapping[str, str]) -> Design:
    """The design with other texts for some of its files, such as unsaved ones; other names are ignored."""

    def changed(files: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
        return tuple(SourceFile(each.name, texts.get(each.name, each.text)) for each in files)

    if all(texts.get(each.name, each.text) == each.text for each in (*design.sources, *design.headers)):
        return design
    return replace(design, sources=changed(design.sources), headers=changed(design.headers))


def check_rtl(design: Design, file: str, text: str) -> tuple[LiveProblem, ...]:
    """Problems of one file of a design, with this text instead of the one it has.

    A file that is no part of the design is only parsed.

    Args:
        file: name relative to the design's root.
    """
    from llm4cov_engine.elaboration.checking import rtl_problems, syntax_problems

    text = _without_escaping_includes(design, file, text)
    if is_too_large(design, text):
        return ()
    if any(each.name == file for each in (*design.sources, *design.headers)):
        return rtl_problems(with_texts(design, {file: text}), file)
    return syntax_problems(design, SourceFile(file, text))


def check_testbench(
    design: Design, name: str, text: str, allow: Collection[Permission] = ()
) -> tuple[LiveProblem, ...]:
    """Problems of a testbench's text; also of the RTL where this testbench's use of it causes them.

    Args:
        name: the testbench's file name, for the spans; one that a file of the design has is no hindrance.
        allow: what the screen lets pass; see `Settings.simulator.allow`.
    """
    from llm4cov_engine.elaboration.checking import testbench_problems
    from llm4cov_engine.screening import inspect
    from llm4cov_engine.screening.lexical import without_foreign_includes
    from llm4cov_engine.testbench import Testbench

    if is_too_large(design, text):
        return ()
    taken = {file.name for file in (*design.sources, *design.headers, *design.data)}
    file = name
    while file in taken:
        file = f"testbench_{file}"
    found = testbench_problems(design, SourceFile(file, without_foreign_includes(text)))
    refused = inspect(design, Testbench(name, text), allow).problems
    objections = (
        LiveProblem(each.severity, each.message, each.code, each.span)
        for each in refused
        if each.code not in _STILL_COMING
    )
    return (*(_renamed(each, file, name) for each in found), *objections)


def is_too_large(design: Design, text: str = "") -> bool:
    """Whether a design, with a text beside it, is too large to be checked live."""
    return len(text) + sum(len(file.text) for file in (*design.sources, *design.headers)) > LARGEST


def _without_escaping_includes(design: Design, file: str, text: str) -> str:
    """The text without the includes that lead out of the design: the parser would open what they name."""
    bases = (posixpath.dirname(file), *design.include_dirs)
    known = {each.name for each in (*design.sources, *design.headers)}

    def kept(match: re.Match[str]) -> str:
        places = [posixpath.normpath(posixpath.join(base, match[1])) for base in bases]
        escapes = known.isdisjoint(places) and any(place.startswith(("/", "../")) for place in places)
        return " " * len(match[0]) if escapes else match[0]

    return _INCLUDE.sub(kept, text)


def _renamed(problem: LiveProblem, old: str, new: str) -> LiveProblem:
    if old == new:
        return problem

    def place(span: Span | None) -> Span | None:
        return replace(span, file=new) if span is not None and span.file == old else span

    related = tuple(replace(each, span=place(each.span)) for each in problem.related)
    return replace(problem, span=place(problem.span), related=related)
