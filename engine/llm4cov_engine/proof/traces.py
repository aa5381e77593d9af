"""What the model does with inputs: random ones, and those a model checker found."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from llm4cov_engine.proof.graph import Run
from llm4cov_engine.proof.records import Cycle, Tick, Witness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.proof.model import Model


def simulated(model: Model, literals: set[int]) -> set[int]:
    """Literals that random inputs make 1 in the model."""
    source = random.Random(1)
    width, steps = 128, 96
    run = Run(model.graph, width)
    seen: set[int] = set()
    resets = {node: source.getrandbits(width) for node in model.graph.inputs}
    for _ in range(steps):
        inputs = {
            node: source.getrandbits(width) if source.random() < 0.7 else resets[node]
            for node in model.graph.inputs
        }
        run.step(inputs)
        seen |= {literal for literal in literals - seen if run.value(literal)}
    return seen


def witness_of(model: Model, literal: int, steps: Sequence[str]) -> Witness | None:
    """A trace as inputs by port; None when the graph does not follow it."""
    run = Run(model.graph)
    cycles = []
    for step in steps:
        values = {
            node: 1 if value == "1" else 0 for node, value in zip(model.graph.inputs, step, strict=True)
        }
        run.step(values)
        inputs = {
            name: sum(values[node] << place for place, node in enumerate(nodes))
            for name, nodes in model.inputs.items()
        }
        ticks: list[Tick] = [tick for node, tick in model.ticks.items() if values[node]]
        cycles.append(Cycle(inputs, tuple(ticks)))
    return Witness(tuple(cycles)) if cycles and run.value(literal) else None
