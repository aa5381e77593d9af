"""Which of a design's sampled states are repaired: the worst ones first (paper, section 4)."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from llm4cov_engine.session.node import Node
from llm4cov_engine.simulator.feedback import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


GAP = 0.1
"""Difference in coverage from which the median state is repaired beside the worst, in [0, 1]."""


class Strategy(StrEnum):
    """How states are chosen."""

    WORST = "worst"
    """The one with the least coverage, one that failed, and the median where it is far from the least."""
    UNIFORM = "uniform"
    """As many, by lot."""
    MEDIAN = "median"
    """As many, from the middle."""
    BEST = "best"
    """As many, from the top."""


class Why(StrEnum):
    """What a state was chosen as."""

    FAILING = "failing"
    WORST = "worst"
    MEDIAN = "median"
    UNIFORM = "uniform"
    BEST = "best"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A state to repair, and why."""

    node: Node
    why: Why


def select(
    nodes: Sequence[Node],
    strategy: Strategy = Strategy.WORST,
    *,
    gap: float = GAP,
    seed: int = 0,
) -> tuple[Chosen, ...]:
    """Choose among the sampled states of one design.

    States with everything covered have nothing to teach and are never chosen. The ablations choose as many
    states as the published strategy would on the same design, so that what is compared costs the same.

    Args:
        nodes: sampled states with a testbench, in the order of recording; the earliest of equals is taken.
        gap: least difference between the median and the least coverage at which the median is taken too.
        seed: of the lot.
    """
    left = [node for node in nodes if node.status is not None and not _is_full(node)]
    published = _worst_first(left, gap)
    if strategy is Strategy.WORST:
        return published
    if strategy is Strategy.UNIFORM:
        # Numbers below the nodes' own count: equal trees give equal lots, whatever their ids.
        drawn = random.Random(seed).sample(left, len(published))
        return tuple(Chosen(node, Why.UNIFORM) for node in sorted(drawn, key=lambda node: node.number))
    best = strategy is Strategy.BEST
    take: Callable[[list[Node]], Node] = _best if best else _median
    why = Why.BEST if best else Why.MEDIAN
    chosen: list[Chosen] = []
    while len(chosen) < len(published):
        node = take(left)
        left.remove(node)
        chosen.append(Chosen(node, why))
    return tuple(chosen)


def _worst_first(left: Sequence[Node], gap: float) -> tuple[Chosen, ...]:
    failing = [node for node in left if node.status is not Status.SUCCESS]
    running = [node for node in left if node.status is Status.SUCCESS]
    chosen = [Chosen(min(failing, key=lambda node: node.number), Why.FAILING)] if failing else []
    if running:
        worst = min(running, key=lambda node: (node.score, node.number))
        median = _median(running)
        chosen.append(Chosen(worst, Why.WORST))
        if median.score - worst.score > gap:
            chosen.append(Chosen(median, Why.MEDIAN))
    return tuple(chosen)


def _is_full(node: Node) -> bool:
    return node.status is Status.SUCCESS and node.score >= 1.0


def _best(nodes: Sequence[Node]) -> Node:
    return max(nodes, key=lambda node: (node.goodness, -node.number))


def _median(nodes: Sequence[Node]) -> Node:
    """The earliest with the lower median of the different scores; states that failed have 0."""
    scores = sorted({node.score for node in nodes})
    middle = scores[(len(scores) - 1) // 2]
    return min((node for node in nodes if node.score == middle), key=lambda node: node.number)
