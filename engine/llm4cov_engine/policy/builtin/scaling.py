"""Parameters that put events out of a simulation's reach, and smaller values that bring them back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llm4cov_engine.elaboration import elaborate
from llm4cov_engine.errors import ElaborationError

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.elaboration.records import Elaboration, Span

OUT_OF_REACH = 500_000
"""A register that has to count this far will not get there within a round."""

_GOALS = (4, 16, 64, 256, 1024)
"""How far it should have to count instead; the first that leaves the RTL sound is taken."""


def scaled(design: Design, elaboration: Elaboration) -> dict[str, str]:
    """Parameter values with which counters that would never end, end soon.

    A parameter is only touched when nobody set it, when a register of the RTL is compared with a number out
    of reach, and when a smaller parameter makes that very number smaller and no other number odd: a clock
    frequency from which the RTL derives how many cycles make a second is the usual case.

    Returns:
        Name to value, for the design's `parameters`; empty when nothing is to be gained.
    """
    far = _compared(elaboration)
    ports = {port.name for port in elaboration.ports}
    goals = [
        each.value
        for each in elaboration.constants
        if each.value >= OUT_OF_REACH and each.compared_with and each.compared_with not in ports
    ]
    if not goals:
        return {}
    for parameter in elaboration.parameters:
        value = _decimal(parameter.value)
        if parameter.is_local or parameter.name in design.parameters or value is None or value < OUT_OF_REACH:
            continue
        for goal in _GOALS:
            smaller = str(max(2, value * goal // max(goals)))
            if _is_sound(replace(design, parameters={**design.parameters, parameter.name: smaller}), far):
                return {parameter.name: smaller}
    return {}


def _is_sound(design: Design, before: dict[Span, int]) -> bool:
    """Whether a design still elaborates, and its numbers only became smaller, one of them by much."""
    try:
        after = _compared(elaborate(design))
    except ElaborationError:
        return False
    changed = {span: value for span, value in after.items() if span in before and before[span] != value}
    return any(before[span] >= OUT_OF_REACH for span in changed) and all(
        1 < value < before[span] for span, value in changed.items()
    )


def _compared(elaboration: Elaboration) -> dict[Span, int]:
    """What is compared where."""
    return {each.span: each.value for each in elaboration.constants}


def _decimal(text: str) -> int | None:
    """A parameter's value, if it is a plain positive number."""
    digits = text.strip().rsplit("'", 1)[-1].lstrip("sdSD")
    return int(digits) if digits.isdecimal() else None
