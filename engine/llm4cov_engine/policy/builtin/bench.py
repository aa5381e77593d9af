"""What a testbench has to do with a design: which signals to declare, drive, clock, reset and watch."""

from __future__ import annotations

from dataclasses import dataclass

from llm4cov_engine.policy.builtin.buses import Bus
from llm4cov_engine.policy.builtin.signals import Signal


@dataclass(frozen=True, slots=True)
class BenchClock:
    """A clock to generate: half its period in time units, and the edge most flip-flops sample on."""

    port: str
    name: str
    half: int
    edge: str


@dataclass(frozen=True, slots=True)
class BenchReset:
    """A reset to drive, with the literals that assert and release it."""

    port: str
    name: str
    active: str
    inactive: str


@dataclass(frozen=True, slots=True)
class BenchInterface:
    """An interface to instantiate, with what its own ports are connected to."""

    name: str
    definition: str
    dimensions: str
    connections: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bench:
    """The fixed part of a testbench for a design.

    Attributes:
        module: name of the testbench's module.
        parameters: overrides of the DUT's parameters, name to expression.
        connections: (port, testbench expression) for every port, in declaration order.
        variables: declarations of what the testbench drives, clocks and resets not among them.
        interfaces: what interface ports are connected to.
        clocks: main clock first; () for a combinational design.
        driven: inputs that stimulus drives, clocks and resets not among them; the elements of a small array
            one by one.
        inouts: nets of inout ports; each is driven through the `driven` signal of its port.
        outputs: every DUT output.
        observed: what the DUT answers with, as far as it fits into one vector.
        buses: register buses among the driven signals.
        size: characters of RTL, a measure of what a cycle costs.
        has_timescale: whether the RTL says what a time unit is, so that the testbench has to as well.
        notes: what the testbench does not do, one sentence each.
    """

    module: str
    top: str
    instance: str
    parameters: tuple[tuple[str, str], ...]
    connections: tuple[tuple[str, str], ...]
    variables: tuple[str, ...]
    interfaces: tuple[BenchInterface, ...]
    clocks: tuple[BenchClock, ...]
    resets: tuple[BenchReset, ...]
    driven: tuple[Signal, ...]
    inouts: tuple[Signal, ...]
    outputs: tuple[Signal, ...]
    observed: tuple[Signal, ...]
    buses: tuple[Bus, ...]
    size: int
    has_timescale: bool = False
    notes: tuple[str, ...] = ()

    @property
    def controls(self) -> tuple[Signal, ...]:
        """Driven signals of one bit."""
        return tuple(signal for signal in self.driven if signal.is_control)

    @property
    def vectors(self) -> tuple[Signal, ...]:
        """Driven signals of several bits or elements."""
        return tuple(signal for signal in self.driven if not signal.is_control)

    def signal(self, port: str) -> Signal | None:
        """The (first) driven signal of a port."""
        return next((signal for signal in self.driven if signal.port == port), None)
