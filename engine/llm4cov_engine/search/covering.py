"""Which of many programs are needed, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine.search.stimulus import TIMED, Code, cycles_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm4cov_engine.search.driver import Win
    from llm4cov_engine.search.stimulus import Program


def cover(wins: Iterable[Win], wanted: Iterable[int]) -> list[Win]:
    """Few and short programs that hit all that is wanted, as far as any does (greedy set cover)."""
    left = set(wanted)
    candidates = [
        (win, win.hits & left, 200 + cycles_of(win.program) + 30 * len(win.program)) for win in wins
    ]
    chosen: list[Win] = []
    while left:
        best = max(
            range(len(candidates)),
            key=lambda i: len(candidates[i][1] & left) / candidates[i][2],
            default=None,
        )
        if best is None or not candidates[best][1] & left:
            break
        chosen.append(candidates[best][0])
        left -= candidates[best][1]
    return chosen


def ordered(wins: Iterable[Win]) -> list[Win]:
    """Programs that do not begin with a reset first: only they can count on the state at time 0."""
    return sorted(wins, key=lambda win: (_begins_reset(win.program), _resets(win.program)))


def _begins_reset(program: Program) -> bool:
    timed = (each.code for each in program if each.code in TIMED or each.code is Code.ACCESS)
    return next(timed, None) is Code.RESET


def _resets(program: Program) -> bool:
    return any(each.code is Code.RESET for each in program)
