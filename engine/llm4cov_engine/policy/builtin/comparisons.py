"""Which part of which input port ends up in a comparison with a constant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm4cov_engine.elaboration.constants import compared
from llm4cov_engine.elaboration.netlist import read_netlist, stripped
from llm4cov_engine.elaboration.values import Values
from llm4cov_engine.policy.builtin.origins import Follower

if TYPE_CHECKING:
    from llm4cov_engine.elaboration.compilation import Compiled

MOST_COMPARISONS = 2000
"""After so many, the rest of a large design says nothing new about its ports."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Bits of an input port that the RTL compares with a constant, at once or registers later.

    Attributes:
        low: the lowest of the bits, counted from the port's least significant one.
        width: how many bits.
        value: the constant, as an unsigned integer of `width` bits.
        file: where the comparison stands, relative to the design's root.
        line: counts from 1.
    """

    port: str
    low: int
    width: int
    value: int
    file: str
    line: int


def read_comparisons(unit: Compiled) -> tuple[Comparison, ...]:
    """Every such comparison of a design, in source order, without repeats."""
    if unit.top is None:
        return ()
    netlist = read_netlist(unit.top)
    values = Values(unit.top)
    follower = Follower(unit.top, netlist, values)
    found: dict[Comparison, None] = {}
    for node in netlist.comparisons:
        for signal, other in compared(node):
            value = values.integer(other)
            inner = stripped(signal)
            if value is None or values.is_constant(inner):
                continue
            width = int(inner.type.bitWidth)
            span = unit.reader.places.span(other.sourceRange)
            for port, low in dict.fromkeys(follower.origins(inner)):
                found[Comparison(port, low, width, value & ((1 << width) - 1), span.file, span.line)] = None
        if len(found) > MOST_COMPARISONS:
            break
    return tuple(found)
