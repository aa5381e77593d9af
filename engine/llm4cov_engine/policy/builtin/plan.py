"""What the built-in policy decides to drive: phases, without a line of SystemVerilog."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from llm4cov_engine.policy.builtin.signals import Signal

if TYPE_CHECKING:
    from llm4cov_engine.policy.builtin.bench import Bench


class PhaseKind(StrEnum):
    """Kinds of phases; each has a macro of its name in templates/phases.sv.j2."""

    CORNERS = "corners"
    WALK = "walk"
    VALUES = "values"
    HANDSHAKE = "handshake"
    RANDOM = "random"
    STRUCTURED = "structured"
    SOAK = "soak"
    MARATHON = "marathon"
    REGISTERS = "registers"


@dataclass(frozen=True, slots=True)
class Pin:
    """Bits of an input that keep a value."""

    low: int
    width: int
    value: int


@dataclass(frozen=True, slots=True)
class Focus:
    """An input that takes one shape throughout a phase, or keeps some of its bits."""

    signal: Signal
    shape: str = ""
    pin: Pin | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of stimulus that begins from reset and knows nothing of the others.

    Attributes:
        number: from 1 on, in the order they run.
        purpose: what it is for, for its comment.
        seed: of its random values, 32 bits, not zero.
        cycles: at most about this many clock cycles.
        repeats: stretches.
        length: most cycles of a stretch.
        resets: per cent of the stretches that begin with a reset.
        stride: distance of the bits a walk visits.
        focus: inputs held to a shape.
    """

    number: int
    kind: PhaseKind
    purpose: str
    seed: int
    cycles: int
    repeats: int = 1
    length: int = 1
    resets: int = 0
    stride: int = 1
    focus: tuple[Focus, ...] = ()


class Planner:
    """Hands out numbered, seeded phases until the cycles are used up."""

    def __init__(self, bench: Bench, *, seed: int, first: int, cycles: int) -> None:
        self.bench = bench
        self.cycles = cycles
        self.draws = random.Random(f"{bench.top}/{seed}/{first}")
        self.phases: list[Phase] = []
        self._first = first

    def add(self, kind: PhaseKind, purpose: str, cycles: int, **settings: object) -> None:
        """Append a phase."""
        number = self._first + len(self.phases)
        seed = self.draws.randrange(1, 1 << 32)
        self.phases.append(Phase(number, kind, purpose, seed, max(cycles, 1), **settings))  # type: ignore[arg-type]

    def structured(
        self, purpose: str, cycles: int, length: int, *, resets: int = 0, focus: tuple[Focus, ...] = ()
    ) -> None:
        """Append stretches of random shapes, of at most `length` cycles each, half of that on average."""
        repeats = max(2, 2 * cycles // (length + 1))
        self.add(
            PhaseKind.STRUCTURED, purpose, cycles, repeats=repeats, length=length, resets=resets, focus=focus
        )

    def soak(self, purpose: str, cycles: int, repeats: int, *, focus: tuple[Focus, ...] = ()) -> None:
        """Append waits of very different lengths, of half the greatest length on average."""
        length = max(16, 2 * cycles // repeats - 300)
        self.add(PhaseKind.SOAK, purpose, cycles, repeats=repeats, length=length, focus=focus)

    def registers(self, purpose: str, cycles: int) -> None:
        """Append accesses to the register buses, with waits between them; nothing without a bus."""
        if not self.bench.buses:
            return
        longest = max(24, cycles // 60)
        # Some eight accesses of three cycles, and the wait.
        each = len(self.bench.buses) * (36 + 12 + longest // 10)
        self.add(PhaseKind.REGISTERS, purpose, cycles, repeats=max(2, cycles // each), length=longest)


def first_cycles(bench: Bench) -> int:
    """Clock cycles of a first testbench: as many as such a design simulates in about a second."""
    bits = sum(signal.width for signal in bench.driven)
    return int(min(80_000, max(2_000, 2_500_000_000 // (bench.size + 1) / (1 + bits / 512))))


def opening(bench: Bench, seed: int, cycles: int) -> tuple[Phase, ...]:
    """Phases of a first testbench, of about `cycles` clock cycles together."""
    planner = Planner(bench, seed=seed, first=1, cycles=cycles)
    if not bench.driven:
        planner.structured("resets now and then, there is nothing else to drive", cycles, 400, resets=50)
        return tuple(planner.phases)
    _directed(planner)
    planner.add(PhaseKind.RANDOM, "all inputs random in every cycle", cycles // 20)
    planner.structured("short stretches of random shapes", cycles // 6, 16)
    planner.structured("stretches of random shapes", cycles // 6, 60)
    planner.structured("stretches with resets in mid-run", cycles // 12, 60, resets=50)
    planner.structured("stretches that begin with a reset each", cycles // 12, 60, resets=100)
    planner.structured("long stretches", cycles // 8, max(100, cycles // 80), resets=20)
    planner.soak("waits with few changes, for counters and timers", cycles // 6, 20)
    planner.soak("long waits with few changes", cycles // 4, 6)
    return tuple(planner.phases)


def _directed(planner: Planner) -> None:
    """Phases that try every input, value and pulse in turn."""
    bench, cycles = planner.bench, planner.cycles
    planner.add(PhaseKind.CORNERS, "all inputs at their extreme values", 120)
    bits = sum(signal.width for signal in bench.driven)
    stride = max(1, 10 * bits // cycles)
    planner.add(
        PhaseKind.WALK, "every input bit alone", bits // stride + 2 * len(bench.driven), stride=stride
    )
    if count := sum(len(signal.around) for signal in bench.vectors):
        planner.add(PhaseKind.VALUES, "every value the RTL compares with", 4 * count, length=4)
    if bench.controls and bench.observed:
        round_trip = 40 * len(bench.controls)
        repeats = max(1, min(40, cycles // 10 // round_trip))
        purpose = "pulses, and waiting for what they bring about"
        planner.add(PhaseKind.HANDSHAKE, purpose, repeats * round_trip, repeats=repeats, length=64)
    planner.registers("register accesses", cycles // 6)
    chained = [signal for signal in bench.vectors if len(signal.values) > 1]
    for signal in chained[:3]:
        purpose = f"values the RTL compares {signal.port} with, one after the other"
        planner.structured(purpose, cycles // 20, 60, focus=(Focus(signal, "CHAIN"),))
