"""A testbench's text before any parsing: comments and strings told from code, and how far macros grow."""

from __future__ import annotations

import re
from typing import Final

from llm4cov_engine.elaboration.records import Span

_PARTS: Final = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))|(?P<string>\"(?:\\.|[^"\\])*(?:\"|\Z))|\\[^\s]+""", re.DOTALL
)
_WORD_END: Final = re.compile(r"[^\n]")
_DEFINE: Final = re.compile(r"`define\s+(\w+)((?:\\\r?\n|[^\n])*)")
_USE: Final = re.compile(r"`(\w+)")

LARGEST_EXPANSION: Final = 20_000_000
"""Characters that the macros of a testbench may grow to."""


def code_of(text: str) -> str:
    """The text with comments and the insides of strings blanked out; every place stays where it is."""

    def blank(match: re.Match[str]) -> str:
        if match["comment"]:
            return _WORD_END.sub(" ", match[0])
        if match["string"]:
            return f'"{_WORD_END.sub(" ", match[0][1:-1])}"' if len(match[0]) > 1 else match[0]
        return match[0]

    return _PARTS.sub(blank, text)


def comments_of(text: str) -> list[tuple[int, str]]:
    """Places and texts of all comments, those in macros and in parts that are switched off among them."""
    return [(match.start(), match[0]) for match in _PARTS.finditer(text) if match["comment"]]


def span_at(name: str, text: str, start: int, end: int | None = None) -> Span:
    """The span of a part of a text, which ends in the line where it begins."""
    line = text.count("\n", 0, start) + 1
    column = start - text.rfind("\n", 0, start)
    length = (end if end is not None else start) - start
    return Span(name, line, column, line, column + length)


def expansion(text: str) -> int:
    """How many characters the text can grow to when its macros are expanded, counted up to a limit."""
    bodies: dict[str, str] = {}
    for name, body in _DEFINE.findall(text):
        # Of several definitions the worst counts.
        bodies[name] = max(bodies.get(name, ""), body, key=lambda each: each.count("`") * 1000 + len(each))
    known: dict[str, int] = {}

    def size(body: str, above: tuple[str, ...]) -> int:
        total = len(body)
        for name in _USE.findall(body):
            if name in bodies and name not in above and len(above) < 64:
                if name not in known:
                    known[name] = size(bodies[name], (*above, name))
                total += known[name]
            if total > LARGEST_EXPANSION:
                break
        return min(total, LARGEST_EXPANSION + 1)

    return size(text, ())
