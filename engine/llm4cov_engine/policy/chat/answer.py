"""From what a model answered to a testbench, or to what is wrong with the answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm4cov_engine.elaboration.syntax import DeclarationKind, declared
from llm4cov_engine.policy.chat import patch
from llm4cov_engine.policy.reply import read_testbench
from llm4cov_engine.testbench import Testbench

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design

_NAME = re.compile(r"[\w./\\-]*?([A-Za-z_][\w.-]*\.s?v)\b")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_END = re.compile(r"\bend(?:module|program)\b[^\n]*\s*\Z")
_OVERLAP = 2_000
_SHORTEST_OVERLAP = 12
_SHORTEST_LINE = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer holds.

    Attributes:
        testbench: None when there is none.
        notes: what was done to it, one sentence each.
        failed: why hunks of a patch could not be applied.
    """

    testbench: Testbench | None
    notes: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def read_answer(text: str, design: Design, current: Testbench | None, *, patches: bool) -> Answer:
    """Read a testbench out of an answer.

    Args:
        text: the model's answer, thinking and prose included.
        current: the testbench the answer is about, which lends its name; None for the first.
        patches: whether the answer may be search-and-replace blocks.
    """
    changes = patch.hunks(text) if patches and current is not None else ()
    if changes and current is not None:
        patched = patch.apply(current.text, changes)
        if not patched.applied:
            return Answer(None, failed=patched.failed)
        found: Testbench | None = Testbench(current.name, patched.text)
        notes = (
            [f"{patched.applied} of {len(changes)} changes applied.", *patched.failed]
            if patched.failed
            else []
        )
    else:
        name = current.name if current else file_name(text, design)
        found = read_testbench(text, name=name, top=design.top)
        notes = []
    if found is None:
        return Answer(None)
    without, removed = without_design(found, design)
    if removed:
        notes.append(f"Removed what the design declares itself: {', '.join(removed)}.")
    return Answer(without, tuple(notes), ())


def file_name(text: str, design: Design) -> str:
    """A name for a new testbench: the one the answer gives it right before its code, without folders.

    A name that the design uses, or none at all, becomes the top module's with "_tb".
    """
    default = f"{design.top}_tb.sv"
    taken = {source.name.rpartition("/")[2] for source in (*design.sources, *design.headers)}
    for fence in _FENCE.finditer(text):
        end = text.find("\n", fence.end())
        above = text[: fence.start()].rstrip().rpartition("\n")[2]
        for line in (text[fence.start() : end if end >= 0 else len(text)], above):
            match = _NAME.search(line)
            if match and match[1] not in taken:
                return match[1]
    return default


def without_design(testbench: Testbench, design: Design) -> tuple[Testbench, list[str]]:
    """The testbench without modules and other things that the design declares, and their names.

    A testbench that would have nothing left stays as it is: the simulator says what is wrong with it.
    """
    own = declared(testbench.text, testbench.name)
    theirs = {each.name for source in design.sources for each in declared(source.text, source.name)}
    repeated = [each for each in own if each.name in theirs]
    modules = (DeclarationKind.MODULE, DeclarationKind.PROGRAM)
    if not repeated or not any(each.kind in modules for each in own if each not in repeated):
        return testbench, []
    lines = testbench.text.split("\n")
    for each in reversed(repeated):
        span = each.span
        before = lines[span.line - 1].encode()[: span.column - 1].decode(errors="replace")
        after = lines[span.end_line - 1].encode()[span.end_column - 1 :].decode(errors="replace")
        rest = before + after
        lines[span.line - 1 : span.end_line] = [rest] if rest.strip() else []
    return Testbench(testbench.name, "\n".join(lines).strip("\n") + "\n"), [each.name for each in repeated]


def is_complete(text: str, answer: Answer) -> bool:
    """Whether an answer that was cut holds a testbench all the same: one that ends where a module ends."""
    if answer.testbench is None or patch.is_unfinished(text):
        return False
    return bool(_END.search(answer.testbench.text))


def is_begun(text: str) -> bool:
    """Whether an answer that was cut came as far as code."""
    return "module" in text or patch.is_begun(text)


def joined(start: str, rest: str) -> str:
    """An answer that was cut, and its continuation: without a fence opened anew and without repetition."""
    first, _, others = rest.lstrip("\n").partition("\n")
    fence = _FENCE.match(first)
    is_open = len(_FENCE.findall(start)) % 2 == 1
    # A fence with a language, or one that another follows, opens; else it closes the one there is.
    if fence and is_open and (first[fence.end() :].strip("`~ ") or _FENCE.search(others)):
        rest = others
    for length in range(min(len(start), len(rest), _OVERLAP), _SHORTEST_OVERLAP - 1, -1):
        if start.endswith(rest[:length]):
            return start + rest[length:]
    # It may have begun the line it was cut in once more. A few characters alone say little, unless they are
    # indented alike.
    unfinished = start.rpartition("\n")[2]
    words = unfinished.strip()
    repeated = rest.lstrip(" \t").startswith(words) and len(words) >= _SHORTEST_LINE
    if words and (repeated or (unfinished[0].isspace() and rest.startswith(unfinished))):
        return start[: len(start) - len(unfinished)] + rest
    return start + rest
