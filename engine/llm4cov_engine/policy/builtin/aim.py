"""From what a simulation missed to the phases that may reach it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.holes import Hole, HoleReason, holes
from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.policy.builtin.plan import Focus, Phase, PhaseKind, Pin, Planner
from llm4cov_engine.policy.builtin.values import stem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.coverage.coverage import Coverage
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.policy.builtin.bench import Bench
    from llm4cov_engine.policy.builtin.comparisons import Comparison
    from llm4cov_engine.policy.builtin.signals import Signal

MOST_AIMED = 8
"""Holes a round aims at, one phase each."""

_NEAR = 2
"""Lines around a hole whose comparisons may be what decides about it."""

_DEEP_BIT = 9
"""A counter's bit that short stretches do not reach."""

_BITS = re.compile(r"\[(?P<high>\d+)(?::\d+)?\]")

_TERM = re.compile(r"(?<![\w.])([A-Za-z_][\w$.]*)\s*(?:\[[^\]]*\])?\s*==\s*([01])(?![\w'])")


def further(
    bench: Bench,
    design: Design,
    coverage: Coverage,
    comparisons: Sequence[Comparison],
    *,
    seed: int,
    first: int,
    cycles: int,
) -> tuple[Phase, ...]:
    """Phases to run after those of a testbench that left holes, about `cycles` clock cycles together.

    Args:
        first: number of the first of them.
    """
    planner = Planner(bench, seed=seed, first=first, cycles=cycles)
    missed = [hole for hole in holes(coverage, design) if hole.reason is HoleReason.UNCOVERED]
    aimed = _aimed(missed, bench, comparisons, seed)
    for name, focus in aimed:
        planner.structured(f"aims at {name}", cycles // 4 // len(aimed), 40, resets=10, focus=focus)
    planner.structured("more short stretches of random shapes", cycles // 12, 16, resets=5)
    planner.structured("more stretches of random shapes", cycles // 12, 80, resets=10)
    planner.structured("more long stretches", cycles // 12, max(100, cycles // 60), resets=20)
    planner.registers("more register accesses", cycles // 6)
    if any(_is_deep(hole, bench) for hole in missed):
        planner.soak("waits for counters that did not count far", cycles * 3 // 8, 16)
        marathon = cycles // 5
    else:
        planner.soak("more waits with few changes", cycles // 6, 16 if seed % 2 else 4)
        marathon = cycles // 8
    if bench.controls:
        planner.add(PhaseKind.MARATHON, "everything active at once for long", marathon)
    return tuple(planner.phases)


def _is_deep(hole: Hole, bench: Bench) -> bool:
    """Whether a hole is the upper end of a register, as a counter leaves it that ran for too short a time."""
    match = _BITS.search(hole.what) if hole.metric is Metric.TOGGLE else None
    return (
        match is not None
        and int(match["high"]) >= _DEEP_BIT
        and hole.what.split("[")[0] not in {signal.port for signal in (*bench.driven, *bench.outputs)}
    )


def _aimed(
    missed: Sequence[Hole], bench: Bench, comparisons: Sequence[Comparison], seed: int
) -> list[tuple[str, tuple[Focus, ...]]]:
    """Holes that inputs can be named for, in words, each with what to hold; other seeds begin elsewhere."""
    found: dict[tuple[Focus, ...], str] = {}
    for hole in missed:
        if hole.metric is Metric.TOGGLE:
            continue
        for focus in _ways(hole, bench, comparisons):
            found.setdefault(focus, f"{hole.file}:{hole.line} ({hole.metric.value} {_plain(hole.what)})")
    ways = [(name, focus) for focus, name in found.items()]
    if len(ways) <= MOST_AIMED:
        return ways
    start = (seed * MOST_AIMED) % len(ways)
    return (ways[start:] + ways[:start])[:MOST_AIMED]


def _ways(hole: Hole, bench: Bench, comparisons: Sequence[Comparison]) -> list[tuple[Focus, ...]]:
    """Sets of inputs to hold so that a hole may be reached."""
    levels = _levels(hole, bench)
    pins: dict[str, list[Focus]] = {}
    near = [each for each in comparisons if each.file == hole.file and abs(each.line - hole.line) <= _NEAR]
    # A comparison on the hole's own line says more than its neighbours.
    for each in sorted(near, key=lambda one: abs(one.line - hole.line)):
        signal = bench.signal(each.port)
        if signal is None:
            continue
        if not signal.is_control and each.low + each.width <= signal.width and not signal.unpacked:
            pins.setdefault(signal.name, []).append(Focus(signal, pin=Pin(each.low, each.width, each.value)))
    ways = [(*levels, focus) for group in pins.values() for focus in group[:4]]
    return ways or ([levels] if levels else [])


def _levels(hole: Hole, bench: Bench) -> tuple[Focus, ...]:
    """Single-bit inputs that a row of an expression names, at the level it names them with."""
    if hole.metric is not Metric.EXPRESSION:
        return ()
    found: dict[str, Focus] = {}
    for name, level in _TERM.findall(hole.what):
        signal = _input(name, bench)
        if signal is not None:
            found[signal.name] = Focus(signal, "HIGH" if level == "1" else "LOW")
    return tuple(found.values())


def _input(name: str, bench: Bench) -> Signal | None:
    """The single-bit input of a name, or of a name that differs by affixes only."""
    exact = bench.signal(name)
    if exact is not None and exact.is_control:
        return exact
    return next((signal for signal in bench.controls if stem(signal.port) == stem(name)), None)


def _plain(text: str) -> str:
    """A hole's words without what would end a comment line."""
    return " ".join(text.split())[:60]
