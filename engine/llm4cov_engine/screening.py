"""Looks at a testbench before it costs a simulation.

What is refused here is what no compiler run could make useful, or what would make the compiler answer for
something else than the DUT. Syntax errors are the compiler's to report: its words are what a policy repairs
by.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from llm4cov_engine.design.design import Design
from llm4cov_engine.elaboration.records import Problem, Severity, Span
from llm4cov_engine.elaboration.syntax import DeclarationKind, Declared, declared
from llm4cov_engine.testbench import Testbench

LARGEST: Final = 2_000_000
"""Bytes of the largest testbench that is looked at."""

_NAME_CHARACTERS: Final = frozenset(string.ascii_letters + string.digits + "_-.+")
_SUFFIXES: Final = (".sv", ".v")
_KEPT_DESIGNS: Final = 8


@dataclass(frozen=True, slots=True)
class Subject:
    """What the checks look at.

    Attributes:
        declarations: at the top of the testbench's text.
        readable: the whole text could be read: no syntax error, no include, no macro.
        design_names: what the design declares.
    """

    design: Design
    testbench: Testbench
    declarations: tuple[Declared, ...]
    readable: bool
    design_names: frozenset[str]


Check = Callable[[Subject], Iterator[Problem]]


def screen(design: Design, testbench: Testbench) -> tuple[Problem, ...]:
    """What speaks against simulating a testbench at all; () for nothing."""
    outside = (*_name_problems(testbench.name), *_size_problems(testbench.text))
    if outside:
        return outside
    subject = Subject(
        design,
        testbench,
        declared(testbench.text, testbench.name),
        _is_readable(testbench.text, design),
        _declared_names(design),
    )
    return tuple(problem for check in CHECKS for problem in check(subject))


def find_top(declarations: tuple[Declared, ...], dut: str) -> str | None:
    """The module to simulate: the root that has an instance of the DUT's module somewhere below it.

    Args:
        declarations: at the top of the testbench's text.
        dut: name of the DUT's module.

    Returns:
        Another root when none has; None when the text has no module at all.
    """
    modules = {
        one.name: one
        for one in declarations
        if one.kind in (DeclarationKind.MODULE, DeclarationKind.PROGRAM) and one.name
    }
    below = {name for one in declarations for name in one.instantiates if name != one.name}
    roots = [name for name in modules if name not in below] or list(modules)
    reaching = [name for name in roots if _reaches(name, dut, modules)]
    # Of several, the last: helpers stand above what uses them.
    candidates = reaching or roots
    return candidates[-1] if candidates else None


def _reaches(name: str, dut: str, modules: dict[str, Declared]) -> bool:
    seen: set[str] = set()
    ahead = [name]
    while ahead:
        module = modules.get(ahead.pop())
        if module is None or module.name in seen:
            continue
        seen.add(module.name)
        if dut in module.instantiates:
            return True
        ahead += module.instantiates
    return False


def _name_problems(name: str) -> Iterator[Problem]:
    plain = name.isascii() and set(name) <= _NAME_CHARACTERS and name[:1].isalnum()
    if not plain or not name.endswith(_SUFFIXES) or len(name) > 128:
        shown = name if name.isprintable() and len(name) <= 128 else ascii(name)[:128]
        yield _error(
            "TestbenchName",
            f"the testbench's name {shown!r} is not a plain file name ending in .sv or .v",
        )


def _size_problems(text: str) -> Iterator[Problem]:
    if len(text) > LARGEST:
        yield _error("TestbenchSize", f"the testbench has {len(text)} characters, more than {LARGEST}")
    if not text.strip():
        yield _error("TestbenchEmpty", "the testbench is empty")
    if "\0" in text:
        yield _error("TestbenchText", "the testbench contains a zero character")


def _redefinitions(subject: Subject) -> Iterator[Problem]:
    for one in subject.declarations:
        if one.name in subject.design_names:
            message = f"the testbench redefines the {one.kind} {one.name!r} of the design"
            yield _error("Redefinition", message, one.span)


def _missing_instance(subject: Subject) -> Iterator[Problem]:
    if not subject.readable:
        return
    dut = subject.design.top
    if not any(dut in one.instantiates for one in subject.declarations):
        message = f"the testbench has no instance of the DUT's module {dut!r}"
        yield _error("NoDutInstance", message)


CHECKS: Final[tuple[Check, ...]] = (_redefinitions, _missing_instance)


def _error(code: str, message: str, span: Span | None = None) -> Problem:
    return Problem(Severity.ERROR, message, code, span)


def _is_readable(text: str, design: Design) -> bool:
    from pyslang.syntax import SyntaxTree

    # Read here without the design's macros, so what depends on them is not known.
    if design.defines and ("`ifdef" in text or "`ifndef" in text):
        return False
    # A missing include is an error too: what it would bring is not known either.
    return not any(one.isError() for one in SyntaxTree.fromText(text).diagnostics)


_names: dict[str, frozenset[str]] = {}


def _declared_names(design: Design) -> frozenset[str]:
    if design.digest not in _names:
        found = frozenset(one.name for source in design.sources for one in declared(source.text, source.name))
        while len(_names) >= _KEPT_DESIGNS:
            del _names[next(iter(_names))]
        _names[design.digest] = found
    return _names[design.digest]
