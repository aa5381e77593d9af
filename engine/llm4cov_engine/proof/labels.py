"""How much a proof takes for granted: every one holds for a zero start, and many for more."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llm4cov_engine.elaboration import elaborate
from llm4cov_engine.process import in_thread
from llm4cov_engine.proof.checking import check
from llm4cov_engine.proof.graph import FALSE
from llm4cov_engine.proof.model import ActiveReset, Model, build
from llm4cov_engine.proof.records import Assumption

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llm4cov_engine.coverage.point import Point
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.proof.boxing import Workplace
    from llm4cov_engine.proof.ground import Ground
    from llm4cov_engine.proof.records import Identity

_TOGETHER = 1.5
_ALONE = 0.4
"""Seconds for all proofs together, and then for each that is left."""

_BATCH = 4


@dataclass(frozen=True, slots=True)
class Label:
    """How far a proof holds; see `Unreachable`."""

    assumption: Assumption
    is_firm: bool
    needs_still_inputs: bool = False


async def label(
    design: Design,
    ground: Ground,
    points: Sequence[Point],
    place: Workplace,
    *,
    seconds: float,
) -> dict[Identity, Label]:
    """The weakest assumption each proof holds under.

    Args:
        points: all of them proven unreachable from a zero start.
    """
    until = time.monotonic() + seconds
    found = {point.identity: Label(Assumption.ZERO, False, needs_still_inputs=True) for point in points}
    found_resets = (await in_thread(lambda: elaborate(design))).resets
    resets = [ActiveReset(each.port, each.active_low) for each in found_resets if not each.selects]
    rest = list(points)
    # What holds from any state holds after a reset, too, and all has to hold from a zero start.
    for start in (Assumption.ZERO, Assumption.RESET, Assumption.ANY):
        model = await in_thread(lambda start=start: _model(ground, start, resets))  # type: ignore[misc]
        literals = {}
        for point in rest:
            literal = ground.literal(model, point)
            if isinstance(literal, int):
                literals[point.identity] = literal
        proven, refuted = await _sorted_out(model, set(literals.values()), place, until)
        for identity, literal in literals.items():
            if literal in proven:
                found[identity] = Label(start, start is Assumption.ANY)
            elif literal in refuted:
                found[identity] = replace(found[identity], is_firm=True)
        rest = [point for point in rest if literals.get(point.identity) in proven]
    return found


def _model(ground: Ground, start: Assumption, resets: Sequence[ActiveReset]) -> Model:
    return build(ground.netlist, start, resets, unassigned_is_unknown=ground.unknown, blocks=ground.blocks())


async def _sorted_out(
    model: Model, literals: set[int], place: Workplace, until: float
) -> tuple[set[int], set[int]]:
    """The literals that are never 1, and those that can be."""
    proven, refuted = literals & {FALSE}, {literal for literal in literals if literal == 1}
    for groups, limit in _rounds(sorted(literals - proven - refuted)):
        asked = [[each for each in group if each not in proven | refuted] for group in groups]
        asked = [group for group in asked if group]
        left = until - time.monotonic()
        if asked and left > 0.1:
            answer = await check(model.graph, asked, place, min(limit, left))
            proven |= answer.proven
            refuted |= answer.traces.keys()
    return proven, refuted


def _rounds(literals: Sequence[int]) -> Iterable[tuple[list[list[int]], float]]:
    yield [list(literals)], _TOGETHER
    for at in range(0, len(literals), _BATCH):
        yield [[each] for each in literals[at : at + _BATCH]], _ALONE
