"""RTL that is nested too deeply to be read: parsers recurse, and a stack that overflows ends the process."""

from __future__ import annotations

import re

DEEPEST = 1_000
"""Brackets and blocks inside each other; nobody writes a tenth of it."""

LONGEST = 10_000
"""Operators in one statement, and branches of one text, which parsers nest into each other too."""

_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?(?:\*/|\Z)|"(?:\\.|[^"\\\n])*"'
    r"|(?P<open>[(\[{]|\b(?:begin|case[xz]?|fork|generate)\b)"
    r"|(?P<close>[)\]}]|\b(?:end|endcase|join\w*|endgenerate)\b)"
    r"|(?P<over>;)|(?P<operator>[-+*/%&|^~?<>=!])|(?P<branch>\belse\b)",
    re.DOTALL,
)
_OPENING = ("(", "[", "{", "begin", "case", "fork", "generate")
_OPERATORS = "+-*/%&|^~?<>=!"


def too_deep(text: str) -> str:
    """Why a text of SystemVerilog is too deeply nested to be parsed, in a clause; "" for one that is not."""
    may_be_deep = sum(map(text.count, _OPENING)) > DEEPEST
    may_be_long = sum(map(text.count, _OPERATORS)) > LONGEST or text.count("else") > LONGEST
    if not may_be_deep and not may_be_long:
        return ""
    depth = operators = branches = 0
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "open":
                depth += 1
            case "close":
                depth = max(depth - 1, 0)
            case "over":
                operators = 0
            case "operator":
                operators += 1
            case "branch":
                branches += 1
        if depth > DEEPEST:
            return f"more than {DEEPEST:,} brackets and blocks stand inside each other"
        if operators > LONGEST:
            return f"a statement has more than {LONGEST:,} operators"
        if branches > LONGEST:
            return f"it has more than {LONGEST:,} branches"
    return ""
