"""Values worth driving: what the RTL compares its signals with, paired with the ports they may arrive on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llm4cov_engine.elaboration.records import Constant
    from llm4cov_engine.policy.builtin.comparisons import Comparison

MOST_VALUES = 24
"""Compared values a port or a field gets, their neighbours not counted."""

MOST_FIELDS = 16
"""Fields a port gets."""

_AFFIX = re.compile(
    r"^(i|in|r|next|reg)_|_(i|in|o|out|r|q|d|ff|reg|next|nxt|latched|sync|int)$", re.IGNORECASE
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


@dataclass(frozen=True, slots=True)
class Field:
    """Bits of an input that belong together, with the values the RTL compares them with."""

    low: int
    width: int
    values: tuple[int, ...] = ()


def values_for(
    name: str, width: int, comparisons: Iterable[Comparison], constants: Iterable[Constant]
) -> tuple[tuple[int, ...], int]:
    """Values that may matter on a port: those it is compared with, then those of something else.

    Of the constants that could not be traced to any port, those compared with a signal of the port's name
    come first, then those of its width, then what else fits.

    Returns:
        Values below 2**width in source order within each rank, without repeats, and how many of them the
        port is surely compared with; none for a port so narrow that random values find everything.
    """
    if width <= 2:
        return (), 0
    ranks: tuple[list[int], ...] = ([], [], [], [])
    ranks[0].extend(each.value for each in comparisons if each.low == 0 and each.width >= width)
    wanted = stem(name)
    for constant in constants:
        if constant.compared_with and stem(constant.compared_with) == wanted:
            ranks[1].append(constant.value)
        elif constant.width == width and width > 4:
            ranks[2].append(constant.value)
        elif width > 4 and (constant.width >= 32 or constant.width < width) and constant.value > 1:
            ranks[3].append(constant.value)
    found = tuple(dict.fromkeys(value for rank in ranks for value in rank if not value >> width))[
        :MOST_VALUES
    ]
    return found, sum(value in ranks[0] for value in found)


def fields_for(
    name: str, width: int, comparisons: Iterable[Comparison], texts: Iterable[str]
) -> tuple[Field, ...]:
    """Parts of a port that the RTL compares, those with most values first, then parts it only selects."""
    if width < 8:
        return ()
    values: dict[tuple[int, int], dict[int, None]] = {}
    for each in comparisons:
        if each.width < width and each.low + each.width <= width:
            values.setdefault((each.low, each.width), {})[each.value] = None
    selection = re.compile(rf"\b{re.escape(name)}\s*\[\s*(\d+)\s*:\s*(\d+)\s*\]")
    for text in texts:
        for high, low in selection.findall(text):
            if int(low) <= int(high) < width and int(high) - int(low) + 1 < width:
                values.setdefault((int(low), int(high) - int(low) + 1), {})
    # A field that takes most of its values anyway is nothing to choose from.
    telling = [place for place, found in values.items() if 2 * len(found) <= 1 << place[1]]
    telling.sort(key=lambda place: (-len(values[place]), place))
    return tuple(Field(*place, tuple(values[place])[:MOST_VALUES]) for place in telling[:MOST_FIELDS])


def with_neighbours(values: Sequence[int], width: int) -> tuple[int, ...]:
    """The values, then one below and one above each, modulo 2**width, without repeats."""
    mask = (1 << width) - 1
    around = [near & mask for value in values for near in (value - 1, value + 1)]
    return tuple(dict.fromkeys([*values, *around]))
