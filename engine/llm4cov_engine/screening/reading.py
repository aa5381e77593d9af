"""Reads a testbench as the compiler will: with the design's headers and macros."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.elaboration.records import Span
from llm4cov_engine.elaboration.spans import Places
from llm4cov_engine.elaboration.syntax import Declared, declarations, declared
from llm4cov_engine.screening.lexical import without_foreign_includes
from llm4cov_engine.screening.words import code_of
from llm4cov_engine.testbench import Testbench

if TYPE_CHECKING:
    from pyslang import SourceRange

_PRELUDE: Final = "llm4cov-macros.svh"
_INCLUDE_CODES: Final = ("CouldNotOpenIncludeFile",)
_KEPT_DESIGNS: Final = 8


@dataclass(frozen=True)
class DesignFacts:
    """What the checks need to know of a design, found once.

    Attributes:
        names: of everything it declares at the top of its files.
        macros: its `define directives that are in force where the testbench begins.
        handles: names of the interface instances inside its modules.
    """

    names: frozenset[str]
    macros: str
    handles: frozenset[str]


@dataclass(frozen=True)
class Reading:
    """A testbench, parsed.

    Attributes:
        places: translates the tree's locations.
        tree: pyslang's syntax tree, the design's macros before the testbench.
        file: the testbench's name in the tree.
        declarations: at the top of the testbench and of what it includes, in source order.
        own: those of the testbench itself.
        is_whole: all of it could be read: no syntax error, nothing missing that it includes.
        missing: includes that led nowhere, as written.
    """

    design: Design
    testbench: Testbench
    facts: DesignFacts
    places: Places
    tree: Any
    file: str
    declarations: tuple[Declared, ...]
    is_whole: bool
    missing: tuple[tuple[str, Span], ...]

    @cached_property
    def own(self) -> tuple[Declared, ...]:
        """Declarations of the testbench itself."""
        return tuple(one for one in self.declarations if one.span.file == self.testbench.name)

    @cached_property
    def expanded(self) -> str:
        """The code with every macro expanded; comments and the insides of strings are blank."""
        return code_of(str(self.tree.root))

    def span(self, reach: SourceRange) -> Span:
        """A place of the tree, the testbench under its own name."""
        return self._named(self.places.span(reach))

    def _named(self, span: Span) -> Span:
        return replace(span, file=self.testbench.name) if span.file == self.file else span


def read(design: Design, testbench: Testbench) -> Reading:
    """Parse a testbench; nothing is read from disk."""
    from llm4cov_engine.elaboration.compilation import Reader
    from llm4cov_engine.elaboration.compilation import code_of as diagnostic_code

    facts = facts_of(design)
    headers = (*design.headers, *(design.sources if "`include" in testbench.text else ()))
    reader = Reader(headers, design.include_dirs, design.defines)
    taken = {file.name for file in (*design.sources, *design.headers, *design.data)}
    file = testbench.name
    while file in taken:
        file = f"testbench_{file}"
    text = without_foreign_includes(testbench.text)
    prelude = [SourceFile(_PRELUDE, facts.macros)] if facts.macros else []
    tree = reader.parse([*prelude, SourceFile(file, text)])
    missing = tuple(reader.missing_includes(tree))
    errors = [one for one in tree.diagnostics if one.isError() and diagnostic_code(one) not in _INCLUDE_CODES]
    is_whole = not errors and not missing and text == testbench.text
    reading = Reading(design, testbench, facts, reader.places, tree, file, (), is_whole, ())
    named = reading._named
    found = tuple(replace(one, span=named(one.span)) for one in declarations(tree.root, reader.places))
    return replace(reading, declarations=found, missing=tuple((path, named(span)) for path, span in missing))


_facts: dict[str, DesignFacts] = {}


def facts_of(design: Design) -> DesignFacts:
    """What the checks need to know of a design; kept for the designs seen last."""
    known = _facts.get(design.digest)
    if known is None:
        known = _find_facts(design)
        while len(_facts) >= _KEPT_DESIGNS:
            _facts.pop(next(iter(_facts)), None)
        _facts[design.digest] = known
    return known


def _find_facts(design: Design) -> DesignFacts:
    found = [one for source in design.sources for one in declared(source.text, source.name)]
    interfaces = {one.name for one in found if one.kind == "interface"}
    handles = {item.instance for one in found for item in one.instances if item.module in interfaces}
    return DesignFacts(frozenset(one.name for one in found), _macros(design), frozenset(handles))


def _macros(design: Design) -> str:
    if not any("`define" in file.text for file in (*design.sources, *design.headers)):
        return ""
    from pyslang.parsing import Token, TriviaKind

    from llm4cov_engine.elaboration.compilation import Reader

    tree = Reader(design.headers, design.include_dirs, design.defines).parse(design.sources)
    kept: dict[str, str] = {}

    def note(node: Any) -> None:
        if type(node) is not Token:
            return
        for trivia in node.trivia:
            if trivia.kind != TriviaKind.Directive:
                continue
            directive: Any = trivia.syntax()
            kind = directive.kind.name
            if kind == "DefineDirective":
                kept[directive.name.valueText] = str(directive).strip()
            elif kind == "UndefDirective":
                kept.pop(directive.name.valueText, None)
            elif kind == "UndefineAllDirective":
                kept.clear()

    tree.root.visit(note)
    return "".join(f"{text}\n" for text in kept.values())
