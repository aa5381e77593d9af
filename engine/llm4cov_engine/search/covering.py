"""Which of many programs are needed, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine.search.stimulus import Code, cycles_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm4cov_engine.search.driver import Win


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
    """Programs that never reset first: only they can count on the state at time 0."""
    return sorted(wins, key=lambda win: any(each.code is Code.RESET for each in win.program))
