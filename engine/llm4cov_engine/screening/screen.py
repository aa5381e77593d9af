"""One look at a testbench: everything that speaks against it."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from llm4cov_engine.elaboration.records import Problem
from llm4cov_engine.permission import Permission
from llm4cov_engine.screening.file_names import FILE_TASKS, file_objections, read_names
from llm4cov_engine.screening.lexical import lexical_objections
from llm4cov_engine.screening.objection import Objection, objection
from llm4cov_engine.screening.reading import Reading, read
from llm4cov_engine.screening.unread import unread_objections
from llm4cov_engine.screening.writes import Road, concerns, handle_objections, write_objections

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.testbench import Testbench

LARGEST: Final = 2_000_000
"""Characters of the largest testbench that is looked at."""

_NAME_CHARACTERS: Final = frozenset(string.ascii_letters + string.digits + "_-.+")
_SUFFIXES: Final = (".sv", ".v")

_FILE_WORDS: Final = re.compile(rf"\$(?:{'|'.join(sorted(task[1:] for task in FILE_TASKS))})\b")
_OTHER_WORDS: Final = re.compile(r"\b(?:bind|config|alias)\b")


@dataclass(frozen=True, slots=True)
class Screening:
    """What came out of looking at a testbench.

    Attributes:
        problems: what speaks against simulating it; () for nothing.
        allowed: what would, had the settings not allowed it.
        files: plain relative names of the files it reads.
    """

    problems: tuple[Problem, ...]
    allowed: tuple[Problem, ...] = ()
    files: tuple[str, ...] = ()


def screen(design: Design, testbench: Testbench, allow: Collection[Permission] = ()) -> tuple[Problem, ...]:
    """What speaks against simulating a testbench at all; () for nothing."""
    return inspect(design, testbench, allow).problems


def inspect(design: Design, testbench: Testbench, allow: Collection[Permission] = ()) -> Screening:
    """Look at a testbench.

    Args:
        allow: what it may do although the screen would refuse it.
    """
    outside = (*_name_problems(testbench.name), *_size_problems(testbench.text))
    if outside:
        return Screening(tuple(one.problem for one in outside))
    found = list(lexical_objections(testbench))
    files: tuple[str, ...] = ()
    # Parsing a text whose macros grow without end would not end either.
    if not any(one.problem.code == "TestbenchSize" for one in found):
        reading = read(design, testbench)
        calls, nodes = _nodes(reading)
        found += _read_objections(reading, calls, nodes)
        files = read_names(reading, calls)
    problems = [one.problem for one in found if one.permission not in allow]
    allowed = [one.problem for one in found if one.permission in allow]
    return Screening(_in_order(problems), _in_order(allowed), files)


def _read_objections(reading: Reading, calls: list[Any], nodes: list[Any]) -> Iterator[Objection]:
    yield from _redefinitions(reading)
    for path, where in reading.missing:
        if where.file == reading.testbench.name:
            message = f"the testbench includes {path!r}, which is no file of the design"
            yield objection("ForeignInclude", message, where, Permission.INCLUDES)
    road = Road(reading)
    yield from file_objections(reading, calls)
    yield from write_objections(reading, road, nodes)
    yield from handle_objections(reading, road, nodes)
    yield from _intrusions(reading, road, nodes)
    if reading.is_whole:
        yield from _missing_instance(reading)
    else:
        yield from unread_objections(reading, road)


def _nodes(reading: Reading) -> tuple[list[Any], list[Any]]:
    """Calls of system tasks and other nodes that checks look at; nothing where no word asks for them."""
    from pyslang.parsing import Token
    from pyslang.syntax import InvocationExpressionSyntax

    code = reading.expanded
    if not (_FILE_WORDS.search(code) or _OTHER_WORDS.search(code) or Road(reading).path(code)):
        return [], []
    calls: list[Any] = []
    nodes: list[Any] = []

    def note(node: Any) -> None:
        if type(node) is Token:
            return
        kind = node.kind.name
        if concerns(kind) or kind in ("BindDirective", "ConfigDeclaration"):
            nodes.append(node)
            if type(node) is InvocationExpressionSyntax and node.left.kind.name == "SystemName":
                calls.append(node)

    reading.tree.root.visit(note)
    return calls, nodes


def _intrusions(reading: Reading, road: Road, nodes: list[Any]) -> Iterator[Objection]:
    own = {one.name for one in reading.own}
    for node in nodes:
        kind = node.kind.name
        if kind == "ConfigDeclaration":
            message = "the testbench has a config, which could put other modules in the place of the design's"
            yield objection("Configuration", message, reading.span(node.sourceRange))
        elif kind == "BindDirective":
            target = str(node.target).strip().lstrip("\\").strip()
            if target in own and target not in road.names:
                continue
            message = f"the testbench binds code of its own into {target!r}; check the DUT from outside"
            yield objection("BindsIntoDut", message, reading.span(node.sourceRange), Permission.BIND)


def _redefinitions(reading: Reading) -> Iterator[Objection]:
    for one in reading.own:
        if one.name in reading.facts.names:
            message = f"the testbench redefines the {one.kind} {one.name!r} of the design"
            yield objection("Redefinition", message, one.span)


def _missing_instance(reading: Reading) -> Iterator[Objection]:
    dut = reading.design.top
    if not any(dut in one.instantiates for one in reading.declarations):
        yield objection("NoDutInstance", f"the testbench has no instance of the DUT's module {dut!r}")


def _name_problems(name: str) -> Iterator[Objection]:
    plain = name.isascii() and set(name) <= _NAME_CHARACTERS and name[:1].isalnum()
    if not plain or not name.endswith(_SUFFIXES) or len(name) > 128:
        shown = name if name.isprintable() and len(name) <= 128 else ascii(name)[:128]
        yield objection(
            "TestbenchName",
            f"the testbench's name {shown!r} is not a plain file name ending in .sv or .v",
        )


def _size_problems(text: str) -> Iterator[Objection]:
    if len(text) > LARGEST:
        yield objection("TestbenchSize", f"the testbench has {len(text)} characters, more than {LARGEST}")
    if not text.strip():
        yield objection("TestbenchEmpty", "the testbench is empty")
    if "\0" in text:
        yield objection("TestbenchText", "the testbench contains a zero character")


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(
        sorted(
            dict.fromkeys(problems), key=lambda one: (one.span.line, one.span.column) if one.span else (0, 0)
        )
    )
