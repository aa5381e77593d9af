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
        comments: whether the RTL keeps its comments.
        outlined: how many modules have lost their bodies, the ones that matter least first.
        headers: whether included files are shown.
        rules: whether the rules are there, where they are wanted.
        others: whether files are shown that do not hold the top module.
        body: characters of the top module's body; None for all of it.
        history: earlier rounds that are told about (vanilla agent); None for all of them.
    """

    excerpts: int = 6
    holes: int = 12_000
    log: int = 6_000
    specs: int | None = None
    comments: bool = True
    outlined: int = 0
    headers: bool = True
    rules: bool = True
    others: bool = True
    body: int | None = None
    history: int | None = None


def steps(modules: int, history: int = 0) -> tuple[Detail, ...]:
    """Details from the fullest on, each with less than the one before.

    The oldest rounds go first, then annotated sources, lesser holes, documents, comments, the bodies of
    modules below the top, included and other files, and at the very last the body of the top. The ports of
    the top, the form of the answer, what the user asks for and the present testbench always stay.

    Args:
        modules: how many there are below the top.
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
    less(comments=False)
    less(specs=0, holes=1_500)
    for number in range(1, modules + 1):
        less(outlined=number)
    less(headers=False)
    less(rules=False)
    less(others=False)
    for characters in (20_000, 8_000, 3_000, 0):
        less(body=characters)
    return tuple(found)


def fullest(details: Sequence[Detail], fits: Callable[[Detail], bool]) -> Detail:
    """The first detail that fits; the last one when none does."""
    number = bisect_left(details, True, hi=len(details) - 1, key=fits)
    return details[number]
