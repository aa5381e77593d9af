"""Bits that did not toggle, put together again into ranges of their vectors and arrays."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm4cov_engine.coverage.point import Point

_INDEX = re.compile(r"\[(-?\d+)\]")

_RANGED = re.compile(r"\[(-?\d+)(?::(-?\d+))?\]")
_EDGES = re.compile(r"[ :]((?:0->1|1->0)(?:, (?:0->1|1->0))*)$")

_Box = tuple[tuple[int, int], ...]
"""Per dimension the highest and the lowest index."""


def ranges(points: Iterable[Point]) -> list[tuple[str, tuple[Point, ...]]]:
    """Group toggle points of one declaration into as few ranges as their bits make.

    Bits are put together when they miss the same edges: `mem[3:0][7:4] 0->1`, `x.valid 0->1, 1->0`.

    Returns:
        What is missing, and the points it stands for, in source order of the first bit of each range.
    """
    bits: defaultdict[tuple[str, ...], dict[tuple[int, ...], dict[str, Point]]] = defaultdict(dict)
    for point in points:
        signal, _, edge = point.what.rpartition(":")
        pieces = _INDEX.split(signal)
        indices = tuple(int(index) for index in pieces[1::2])
        bits[tuple(pieces[::2])].setdefault(indices, {})[edge] = point
    found = []
    for pieces_around, missing in bits.items():
        by_edges: defaultdict[tuple[str, ...], set[tuple[int, ...]]] = defaultdict(set)
        for indices, edges in missing.items():
            by_edges[tuple(sorted(edges))].add(indices)
        for names, members in by_edges.items():
            for box in _boxes(members):
                inside = [missing[indices] for indices in sorted(members) if _within(indices, box)]
                held = tuple(edges[edge] for edges in inside for edge in names)
                found.append((f"{_signal(pieces_around, box)} {', '.join(names)}", held))
    return found


def _boxes(members: set[tuple[int, ...]]) -> list[_Box]:
    """Cut a set of index tuples into boxes, dimension by dimension from the outside."""
    if members == {()}:
        return [()]
    inner: defaultdict[int, set[tuple[int, ...]]] = defaultdict(set)
    for first, *rest in members:
        inner[first].add(tuple(rest))
    alike: defaultdict[tuple[_Box, ...], list[int]] = defaultdict(list)
    for first in sorted(inner):
        alike[tuple(_boxes(inner[first]))].append(first)
    return [(run, *box) for boxes, firsts in alike.items() for run in _runs(firsts) for box in boxes]


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Runs of neighbours in a sorted list, each as its highest and lowest number, highest run first."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][0] + 1 == number:
            runs[-1] = (number, runs[-1][1])
        else:
            runs.append((number, number))
    return runs[::-1]


def _within(indices: tuple[int, ...], box: _Box) -> bool:
    return all(low <= index <= high for index, (high, low) in zip(indices, box, strict=True))


def _signal(pieces: tuple[str, ...], box: _Box) -> str:
    text = pieces[0]
    for (high, low), piece in zip(box, pieces[1:], strict=True):
        text += (f"[{high}]" if high == low else f"[{high}:{low}]") + piece
    return text


def covers(description: str, what: str) -> bool:
    """Whether a description such as "din[7:4] 0->1, 1->0" takes in a toggle point such as "din[5]:0->1".

    A description without edges takes in both.
    """
    signal, _, edge = what.rpartition(":")
    stated = _EDGES.search(description)
    if stated and edge not in stated.group(1).split(", "):
        return False
    wanted = _RANGED.split(description[: stated.start()] if stated else description)
    pieces = _INDEX.split(signal)
    if wanted[::3] != pieces[::2]:
        return False
    bounds = zip(pieces[1::2], wanted[1::3], wanted[2::3], strict=True)
    return all(_between(int(index), int(left), int(right or left)) for index, left, right in bounds)


def _between(index: int, left: int, right: int) -> bool:
    return min(left, right) <= index <= max(left, right)
