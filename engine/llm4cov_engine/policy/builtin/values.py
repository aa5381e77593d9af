"""Values worth driving: what the RTL compares its signals with, paired with the ports they may arrive on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llm4cov_engine.elaboration.records import Constant

MOST_VALUES = 24
"""Compared values a port gets, their neighbours not counted."""

_AFFIX = re.compile(
    r"^(i|in|s|m|r|q|d|next|reg)_|_(i|in|o|out|r|q|d|ff|reg|next|nxt|latched|sync|int)$", re.IGNORECASE
)


def literal(value: int, width: int) -> str:
    """A sized SystemVerilog literal: `literal(31, 8)` is "8'h1f"."""
    return f"{width}'h{value & ((1 << width) - 1):x}"


def stem(name: str) -> str:
    """What is left of a signal's name without the affixes of style: "i_data_in" and "data_q" give "data"."""
    last = name.rsplit(".", 1)[-1]
    previous = ""
    while previous != last:
        previous, last = last, _AFFIX.sub("", last)
    return last.lower()


def values_for(name: str, width: int, constants: Iterable[Constant]) -> tuple[int, ...]:
    """Constants that may matter on a port, those compared with a signal of its name first.

    Returns:
        Values below 2**width in source order within each rank, without repeats; () for a port so narrow
        that random values find everything.
    """
    if width <= 2:
        return ()
    wanted = stem(name)
    ranks: tuple[list[int], list[int], list[int]] = ([], [], [])
    for constant in constants:
        if constant.value >> width:
            continue
        if constant.compared_with and stem(constant.compared_with) == wanted:
            ranks[0].append(constant.value)
        elif constant.width == width and width > 4:
            ranks[1].append(constant.value)
        elif width > 4 and (constant.width >= 32 or constant.width < width) and constant.value > 1:
            ranks[2].append(constant.value)
    found = dict.fromkeys(value for rank in ranks for value in rank)
    return tuple(found)[:MOST_VALUES]


def with_neighbours(values: Sequence[int], width: int) -> tuple[int, ...]:
    """The values, then one below and one above each, modulo 2**width, without repeats."""
    mask = (1 << width) - 1
    around = [near & mask for value in values for near in (value - 1, value + 1)]
    return tuple(dict.fromkeys([*values, *around]))
