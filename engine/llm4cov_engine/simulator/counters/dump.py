"""Reads the file "counters" that our own main writes at the end of a run (driver.cpp has its form)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.layout import NoCoverageError

if TYPE_CHECKING:
    from llm4cov_engine.coverage.coverage import Coverage
    from llm4cov_engine.simulator.counters.registration import Registration

_WIDTH = 4


@dataclass(frozen=True, slots=True)
class Counts:
    """What the counters of one instance stood at.

    Attributes:
        scope: path of the instance; "" for all of a model.
        doubts: how many counted only what a flat build may not have seen.
    """

    scope: str
    doubts: int
    counts: Sequence[int]


def parse_counters(data: bytes) -> tuple[Counts, ...]:
    """Read the file.

    Raises:
        NoCoverageError: it is empty or damaged.
    """
    head, empty, body = data.partition(b"\n\n")
    found: list[Counts] = []
    place = 0
    try:
        for line in head.decode("utf-8", "replace").split("\n") if empty else ():
            size, doubts, scope = line.split(" ", 2)
            end = place + _WIDTH * int(size)
            found.append(
                Counts(scope, int(doubts), body[place:end] and memoryview(body[place:end]).cast("I"))
            )
            place = end
    except (ValueError, TypeError):
        found = []
    if not found or place != len(body):
        raise NoCoverageError("The file of coverage counters is empty or damaged.")
    return tuple(found)


def coverage(data: bytes, registration: Registration, *, top: str, instance: str, testbench: str) -> Coverage:
    """The coverage of the DUT from the file of a model's counters and from what the model's code registers.

    Raises:
        NoCoverageError: the file is damaged, or there are no points of the DUT.
    """
    counted = parse_counters(data)
    if len(counted) != 1 or len(counted[0].counts) != registration.size:
        raise NoCoverageError("The file of coverage counters is damaged.")
    layout = registration.layout(top=top, instance=instance, testbench=testbench)
    return layout.coverage([*counted[0].counts, 0])
