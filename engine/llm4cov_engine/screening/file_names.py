"""Objections to the files a testbench names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from llm4cov_engine.permission import Permission
from llm4cov_engine.screening.objection import Objection, objection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm4cov_engine.screening.reading import Reading

FILE_TASKS: Final = frozenset(
    (
        "$fopen",
        "$readmemh",
        "$readmemb",
        "$sreadmemh",
        "$sreadmemb",
        "$writememh",
        "$writememb",
        "$dumpfile",
        "$dumpports",
        "$sdf_annotate",
        "$save",
        "$incsave",
        "$restart",
        "$log",
    )
)
"""System tasks whose first argument names a file ($dumpports: the second)."""

_PLACEHOLDER: Final = re.compile(r"%(?!%)[-+ 0-9.]*[a-zA-Z]")
_HARMLESS_PLACEHOLDER: Final = re.compile(r"%[-0-9]*[dDhHxXbBoOtT]")


def file_objections(reading: Reading, calls: list[Any]) -> Iterator[Objection]:
    """Objections to calls of `FILE_TASKS`.

    Args:
        calls: syntax nodes of calls of system tasks.
    """
    for call in calls:
        task = call.left.systemIdentifier.valueText
        arguments = _arguments(call)
        if task not in FILE_TASKS or not arguments:
            continue
        expression = arguments[1 if task == "$dumpports" and len(arguments) > 1 else 0]
        name = _text(expression, reading)
        where = reading.span(call.sourceRange)
        if name is None:
            message = (
                f"the testbench makes up the file name for {task} as it runs; write it as a plain string"
            )
            yield objection("ForeignFile", message, where, Permission.FILES)
        elif not is_inside(name):
            message = (
                f"the testbench reaches for {name!r} with {task}; only files of its work folder are its own"
            )
            yield objection("ForeignFile", message, where, Permission.FILES)


def is_inside(name: str) -> bool:
    """Whether a file name stays in the folder it is used in."""
    return (
        bool(name) and not name.startswith(("/", "~")) and ".." not in name.split("/") and name.isprintable()
    )


def read_names(reading: Reading, calls: list[Any]) -> tuple[str, ...]:
    """Plain relative names of the files that calls read into memories or open."""
    names = []
    for call in calls:
        arguments = _arguments(call)
        if call.left.systemIdentifier.valueText not in ("$fopen", "$readmemh", "$readmemb") or not arguments:
            continue
        name = _text(arguments[0], reading)
        if name is not None and is_inside(name):
            names.append(name)
    return tuple(dict.fromkeys(names))


def _arguments(call: Any) -> list[Any]:
    if call.arguments is None:
        return []
    return [each.expr for each in call.arguments.parameters if each.kind.name == "OrderedArgument"]


def _text(expression: Any, reading: Reading) -> str | None:
    """The text an expression is for certain, or at worst, as far as slashes go; None for an unknown one."""
    while type(expression).__name__ in ("SimplePropertyExprSyntax", "SimpleSequenceExprSyntax"):
        expression = expression.expr
    kind = expression.kind.name
    if kind == "StringLiteralExpression":
        return str(expression.literal.valueText)
    if kind == "ParenthesizedExpression":
        return _text(expression.expression, reading)
    if kind == "ConcatenationExpression":
        parts = [
            _text(part, reading)
            for part in expression.expressions
            if hasattr(part, "sourceRange") and hasattr(part, "kind") and part.kind.name != "Comma"
        ]
        known = [part for part in parts if part is not None]
        return "".join(known) if len(known) == len(parts) else None
    if kind == "InvocationExpression" and str(expression.left).strip() == "$sformatf":
        return _formatted(_arguments(expression), reading)
    if kind == "IdentifierName":
        return _value_of(expression.identifier.valueText, reading)
    return None


def _formatted(arguments: list[Any], reading: Reading) -> str | None:
    """What $sformatf makes, numbers as 0; a text it takes in must be known itself."""
    if not arguments or (pattern := _text(arguments[0], reading)) is None:
        return None
    texts = [_text(argument, reading) for argument in arguments[1:]]
    result, at = "", 0
    for number, match in enumerate(_PLACEHOLDER.finditer(pattern)):
        if _HARMLESS_PLACEHOLDER.fullmatch(match[0]):
            value: str | None = "0"
        else:
            value = texts[number] if match[0].lower().endswith("s") and number < len(texts) else None
        if value is None:
            return None
        result += pattern[at : match.start()] + value
        at = match.end()
    return result + pattern[at:]


def _value_of(name: str, reading: Reading) -> str | None:
    """The text of a name that is given one where it is declared, and never another."""
    word = re.escape(name)
    code = reading.expanded
    if len(re.findall(rf"\b{word}\b\s*(?:\[[^\]]*\]\s*)?=(?!=)", code)) != 1:
        return None
    uses = len(re.findall(rf"(?<![\w$.]){word}\b", code)) + len(re.findall(rf"\.\s*{word}\b", code))
    in_tasks = len(re.findall(rf"\$(?:fopen|readmem[hb]|writemem[hb]|dumpfile)\s*\(\s*{word}\b", code))
    constant = re.search(rf"\b(?:localparam|parameter)\b[^;=]*\b{word}\s*=", code) is not None
    # A variable may be changed by whatever else it is handed to.
    if re.search(rf"\.\s*{word}\b", code) or (not constant and uses != in_tasks + 1):
        return None
    found: list[str | None] = []

    def note(node: Any) -> None:
        if (
            getattr(node, "kind", None) is not None
            and node.kind.name == "Declarator"
            and node.name.valueText == name
        ):
            found.append(_literal(node.initializer))

    reading.tree.root.visit(note)
    return found[0] if len(found) == 1 else None


def _literal(initializer: Any) -> str | None:
    expression = getattr(initializer, "expr", None)
    if expression is None or expression.kind.name != "StringLiteralExpression":
        return None
    return str(expression.literal.valueText)
