"""The design that a training example is about, so that examples can be compared with designs."""

from __future__ import annotations

import re
from typing import Any

from llm4cov_engine.design.texts import is_plain

_SHOWN = re.compile(r"(?:^#+ +([^\n]+?) *\n\s*)?^```[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
"""A code block, with the heading right above it, which names the file where it is one of ours."""


def taught_row(value: dict[str, Any], number: int) -> dict[str, Any] | None:
    """A row with the files that the question of a training example shows; None where it is no example.

    Args:
        value: a row of any format that `llm4cov export` writes, or of another dataset in one of these shapes.
        number: of the row, from 0; it makes its id, because many examples are about one design.

    Raises:
        ValueError: a question shows no code.
    """
    identity = f"row_{number + 1}"
    if isinstance(design := value.get("design"), dict) and "rtl_files" in design:
        kept = ("rtl_files", "include_files", "spec_files", "top")
        return {"id": identity, **{name: design[name] for name in kept if name in design}}
    question = _question(value)
    if question is None:
        return None
    files = [
        {"name": name if is_plain(name) and " " not in name else f"shown_{place}.sv", "content": text}
        for place, (name, text) in enumerate(_SHOWN.findall(question), start=1)
    ]
    if not files:
        raise ValueError("its question shows no RTL in a code block")
    return {"id": identity, "rtl_files": files}


def _question(value: dict[str, Any]) -> str | None:
    """What the person says first: later questions are about testbenches."""
    for name, role, said in (("messages", "role", "content"), ("prompt", "role", "content"),
                             ("conversations", "from", "value")):  # fmt: skip
        if isinstance(turns := value.get(name), list):
            texts = (each.get(said) for each in turns if isinstance(each, dict) and each.get(role) in _PEOPLE)
            return next((text for text in texts if isinstance(text, str)), "")
    if not value.keys() >= {"instruction", "output"}:
        return None
    history = value.get("history")
    if isinstance(history, list) and history and isinstance(history[0], list) and history[0]:
        return str(history[0][0])
    return f"{value['instruction']}\n{value.get('input') or ''}\n"


_PEOPLE = ("user", "human")
