"""What Verilator and the C++ compiler complain about, read from their output."""

from __future__ import annotations

import re
from typing import Final

from llm4cov_engine.elaboration.records import Problem, Severity, Span

# %Error: f.sv:3:7: text   %Error-CODE: f.sv:3:7: text   %Warning-CODE: f.sv:3:7: text   %Error: text
_HEAD: Final = re.compile(
    r"%(?P<severity>Error|Warning)(?:-(?P<code>[A-Z0-9]+))?: "
    r"(?:(?P<file>[^:\n]+):(?P<line>\d+):(?:(?P<column>\d+):)? )?(?P<message>.*)"
)
_INTERNAL: Final = re.compile(r"%Error: Internal Error: (?:(?P<file>[^:\n]+):(?P<line>\d+):)?")
# The source line Verilator quotes, the marker below it, and its advice for people at a terminal.
_QUOTE: Final = re.compile(r"^ *\d* \| ")
_ADVICE: Final = re.compile(r"^\s*\.\.\. (See the manual|For (warning|error) description|Use \"/\*)")
_SUMMARY: Final = re.compile(r"^%Error: Exiting due to \d+ error")
_COMPILER: Final = re.compile(
    r"^(?P<file>[^:\s]+):(?P<line>\d+):(?P<column>\d+): (?:fatal )?error: (?P<message>.*)", re.MULTILINE
)
# How far a quoted marker reaches: "   |   ^~~~~".
_MARKER: Final = re.compile(r"^ *\| (?P<indent> *)(?P<marks>\^~*)")

_MOST: Final = 200


def verilator_problems(output: str) -> tuple[Problem, ...]:
    """Errors and warnings in Verilator's output, in their order, without repeats and at most 200."""
    problems: dict[Problem, None] = {}
    lines = output.splitlines()
    for number, line in enumerate(lines):
        head = _HEAD.match(line)
        if head is None or _SUMMARY.match(line):
            continue
        message, length = head["message"], 1
        for more in lines[number + 1 : number + 12]:
            marker = _MARKER.match(more)
            if marker:
                length = len(marker["marks"])
                break
            if more.startswith("%"):
                break
            if not _QUOTE.match(more) and not _ADVICE.match(more) and more.strip():
                message += " " + more.strip().removeprefix(": ... ").removeprefix("... ")
        problems[_problem(head, message, length)] = None
        if len(problems) >= _MOST:
            break
    return tuple(problems)


def compiler_problems(output: str) -> tuple[Problem, ...]:
    """Errors in a failed C++ compiler's output. The places are in generated code, so they carry no span."""
    messages = dict.fromkeys(match["message"] for match in _COMPILER.finditer(output))
    found = tuple(Problem(Severity.ERROR, message, "C++") for message in list(messages)[:_MOST])
    return found or (Problem(Severity.ERROR, "the generated C++ does not compile", "C++"),)


def internal_error(output: str) -> str | None:
    """The file Verilator was at when it gave up with an internal error; "" unknown, None when it did not."""
    found = _INTERNAL.search(output)
    return None if found is None else found["file"] or ""


def _problem(head: re.Match[str], message: str, length: int) -> Problem:
    span = None
    if head["file"]:
        line, column = int(head["line"]), int(head["column"] or 1)
        span = Span(head["file"], line, column, line, column + length)
    severity = Severity.ERROR if head["severity"] == "Error" else Severity.WARNING
    return Problem(severity, message.strip(), head["code"] or "", span)
