"""How much of everything a prompt holds, from all of it down to the least a model needs."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class Detail:
    """What a prompt holds of the things that can be cut.

    Attributes:
        excerpts: blocks of annotated source.
        holes: characters for what is not covered.
        log: characters for the last words of a failed run.
        specs: characters for all documents together; None for all of them.
        outlined: how many modules have lost their bodies, the ones that matter least first.
        headers: whether included files are shown.
        history: earlier rounds that are told about (vanilla agent); None for all of them.
    """

    excerpts: int = 6
    holes: int = 12_000
    log: int = 6_000
    specs: int | None = None
    outlined: int = 0
    headers: bool = True
    history: int | None = None


def steps(modules: int, history: int = 0) -> tuple[Detail, ...]:
    """Details from the fullest on, each with less than the one before.

    First the oldest rounds go, then annotated sources, the lesser holes, the documents, the bodies of
    modules, included files, and at the very last the body of the top module. The ports of the top, the form
    of the answer and the present testbench always stay.

    Args:
        modules: how many could lose their bodies, the top among them.
        history: how many earlier rounds there are.
    """
    found = [Detail()]

    def less(**changes: int | bool | None) -> None:
        found.append(replace(found[-1], **changes))  # type: ignore[arg-type]

    for left in reversed(range(history)):
        less(history=left)
    less(excerpts=3, log=4_000)
    less(excerpts=1, holes=6_000)
    less(excerpts=0, log=2_000)
    less(specs=20_000)
    less(holes=3_000)
    less(specs=6_000)
    less(specs=0)
    less(holes=1_500)
    for number in range(1, modules):
        less(outlined=number)
    less(headers=False)
    less(outlined=modules, log=1_000)
    return tuple(found)


def fullest(details: Sequence[Detail], fits: Callable[[Detail], bool]) -> Detail:
    """The first detail that fits; the last one when none does."""
    number = bisect_left(details, True, hi=len(details) - 1, key=fits)
    return details[number]
