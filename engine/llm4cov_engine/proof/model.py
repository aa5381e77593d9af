"""The model of a design that a model checker decides: everything a simulation can do, and some more.

Why no testbench can do more in a simulation than the model allows:

- A step of the model is a moment at which the simulator has settled. Inputs are free in every step.
- Registers with one clock net and edge have a free enable in common: clocks may tick in any order, at once
  or not at all, whether they are ports, gated or made by registers.
- An asynchronous reset that is active may act in any step, and need not: so event controls have it.
- Unknown values (x, an index out of range, a division by zero) are any value, anew in every step.
- What nothing drives keeps its first value for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llm4cov_engine.elaboration.records import Edge
from llm4cov_engine.proof.graph import FALSE, TRUE, Graph, inverted
from llm4cov_engine.proof.netlist import Bit, UnsupportedError
from llm4cov_engine.proof.racing import Views
from llm4cov_engine.proof.records import Assumption, Tick

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.proof.blocks import Blocks
    from llm4cov_engine.proof.netlist import Flop, Netlist

RESET_STEPS = 16
"""Steps of the reset phase: enough for a synchronous reset to pass synchronisers and pipelines."""


@dataclass(frozen=True, slots=True)
class ActiveReset:
    """A reset input and the level at which it resets."""

    port: str
    low: bool


@dataclass
class Model:
    """A graph and what it stands for.

    Attributes:
        bits: literal of every net asked for.
        inputs: node of each bit of each input port, the lowest first; None for a bit that nothing reads.
        ticks: what the free inputs that let clocks tick stand for, by node.
        counts: literal that holds when points count, after the reset phase.
        settled: literal that holds when a change since the step before counts.
        views: what clocked blocks see; None where inputs keep still at the edges.
    """

    graph: Graph = field(default_factory=Graph)
    bits: dict[Bit, int] = field(default_factory=lambda: {"0": FALSE, "1": TRUE})
    inputs: dict[str, list[int]] = field(default_factory=dict)
    ticks: dict[int, Tick] = field(default_factory=dict)
    counts: int = TRUE
    settled: int = TRUE
    views: Views | None = None

    def previous(self, literal: int) -> int:
        """A literal's value in the step before; false before the first."""
        register = self.graph.register()
        self.graph.set_next(register, literal)
        return register


def build(
    netlist: Netlist,
    start: Assumption,
    resets: Sequence[ActiveReset] = (),
    *,
    unassigned_is_unknown: bool,
    blocks: Blocks | None = None,
) -> Model:
    """Make the model of a netlist.

    Args:
        start: how registers start; `Assumption.RESET` holds `resets` active in the first steps, in which
            nothing counts.
        unassigned_is_unknown: the RTL itself writes x somewhere, so that an x in the netlist need not be
            something that nothing drives.
        blocks: the blocks of the RTL, for a model in which inputs may change at the edges (`racing`). It
            allows more than one without, and is for proofs only: nobody could follow its witnesses.
    """
    return _Builder(netlist, start, resets, unassigned_is_unknown, blocks).build()


class _Builder:
    def __init__(
        self,
        netlist: Netlist,
        start: Assumption,
        resets: Sequence[ActiveReset],
        unassigned_is_unknown: bool,
        blocks: Blocks | None,
    ) -> None:
        self.blocks = blocks
        self.netlist = netlist
        self.start = start
        self.resets = resets
        self.unassigned_is_unknown = unassigned_is_unknown
        self.model = Model()
        self.graph = self.model.graph
        self.names = _names(netlist)
        self.enables: dict[tuple[Bit, bool], int] = {}
        self.first = FALSE
        self.in_reset = FALSE
        self.waiting: list[tuple[int, Bit]] = []

    def build(self) -> Model:
        self._phases()
        self._inputs()
        for net in sorted(self.netlist.free):
            self.model.bits[net] = self.graph.input()
        flops = {flop.output: flop for flop in self.netlist.flops}
        for net in self._undriven(flops):
            self.model.bits[net] = self._hold(net)
        registers = {}
        for flop in self.netlist.flops:
            if flop.clock is not None:
                registers[flop.output] = self._begin(flop.output)
                self.model.bits[flop.output] = registers[flop.output][1]
        latches = {}
        for flop in self.netlist.flops:
            if flop.clock is None:
                latches[flop.output] = self._begin(flop.output)
        late = self._late() if self.blocks is not None else {}
        self._logic(self.model.bits, flops, latches)
        if self.blocks is not None:
            self._logic(late, flops, latches)
            self.model.views = Views(
                self.graph,
                self.blocks,
                self.model.bits,
                late,
                {*self.netlist.gates, *self.netlist.buffers, *latches},
                lambda net: self._operands(net, flops),
                lambda net, found: self._combine(net, found, latches),
            )
        for flop in self.netlist.flops:
            register, value = registers[flop.output] if flop.clock is not None else latches[flop.output]
            after = self.model.bits[flop.output] if flop.clock is None else self._next(flop, value)
            self._store(register, value, after)
        return self.model

    def _phases(self) -> None:
        if self.start is Assumption.ZERO:
            return
        begun = self.graph.register()
        self.graph.set_next(begun, TRUE)
        self.first = inverted(begun)
        self.model.settled = begun
        if self.start is Assumption.RESET and self.resets:
            step = self.first
            self.in_reset = self.first
            for _ in range(RESET_STEPS - 1):
                step = self.model.previous(step)
                self.in_reset = self.graph.either(self.in_reset, step)
            self.model.counts = inverted(self.in_reset)
            # The step right after the phase has no predecessor that counts.
            self.model.settled = self.graph.both(self.model.counts, inverted(self.model.previous(step)))

    def _inputs(self) -> None:
        levels = {reset.port: reset.low for reset in self.resets}
        for name, bits in self.netlist.inputs.items():
            nodes = []
            for bit in bits:
                literal = self.graph.input()
                nodes.append(literal >> 1)
                if name in levels and self.in_reset != FALSE:
                    active = FALSE if levels[name] else TRUE
                    literal = self.graph.choice(self.in_reset, active, literal)
                self.model.bits[bit] = literal
            self.model.inputs[name] = nodes

    def _late(self) -> dict[Bit, int]:
        """The literals that nets have after the inputs changed once more, as far as logic need not say."""
        late = dict(self.model.bits)
        levels = {bit for reset in self.resets for bit in self.netlist.inputs.get(reset.port, ())}
        for bits in self.netlist.inputs.values():
            for bit in bits:
                if bit in levels and self.in_reset != FALSE:
                    free = self.graph.input()
                    late[bit] = self.graph.choice(self.in_reset, self.model.bits[bit], free)
                else:
                    late[bit] = self.graph.input()
        return late

    def _hold(self, net: int) -> int:
        register, value = self._begin(net)
        self._store(register, value, value)
        return value

    def _store(self, register: int, value: int, after: int) -> None:
        is_inverted = self.start is Assumption.ZERO and value != register
        self.graph.set_next(register, inverted(after) if is_inverted else after)

    def _begin(self, net: int) -> tuple[int, int]:
        """A register of the design, and its value, which differs from it in the first step."""
        register = self.graph.register()
        initial = self.netlist.initial.get(net)
        if self.start is Assumption.ZERO:
            # Registers of a graph start with 0; one that starts with 1 is kept inverted.
            return (register, inverted(register)) if initial == "1" else (register, register)
        known = initial is not None and self.start is Assumption.RESET
        begin = (TRUE if initial == "1" else FALSE) if known else self.graph.input()
        return register, self.graph.choice(self.first, begin, register)

    def _undriven(self, flops: dict[int, Flop]) -> list[int]:
        netlist = self.netlist
        driven = {*netlist.gates, *netlist.free, *flops, *(net for net in netlist.buffers)}
        driven |= {bit for bits in netlist.inputs.values() for bit in bits if isinstance(bit, int)}
        read: set[Bit] = {bit for bits in netlist.names.values() for bit in bits}
        read |= {bit for _, operands in netlist.gates.values() for bit in operands}
        read |= set(netlist.buffers.values())
        for flop in netlist.flops:
            read |= {flop.data, flop.loaded}
            read |= {bit for bit in (flop.clock, flop.load) if bit is not None}
        read |= {bit for check in netlist.checks for bit in (check.enable, check.condition)}
        found = {bit for bit in read if isinstance(bit, int)} - driven
        if not self.unassigned_is_unknown:
            found |= {net for net, source in netlist.buffers.items() if source == "x"}
        return sorted(found)

    def _logic(
        self, bits: dict[Bit, int], flops: dict[int, Flop], latches: dict[int, tuple[int, int]]
    ) -> None:
        """Give every net a literal, operands first; without recursion, which deep logic would exhaust.

        Where logic depends on its own output, what it reads of it is any value, anew in every step.
        """
        netlist = self.netlist
        targets = [*netlist.gates, *netlist.buffers, *latches]
        on_path: set[int] = set()
        for target in sorted(targets):
            stack: list[tuple[int, bool]] = [(target, False)]
            while stack:
                net, ready = stack.pop()
                if net in bits:
                    continue
                operands = self._operands(net, flops)
                if ready:
                    on_path.discard(net)
                    literals = [
                        self._literal(bit, bits) if bit in bits else self.graph.input() for bit in operands
                    ]
                    bits[net] = self._combine(net, literals, latches)
                    continue
                if net in on_path:
                    continue
                on_path.add(net)
                stack.append((net, True))
                stack += [
                    (bit, False)
                    for bit in operands
                    if isinstance(bit, int) and bit not in bits and bit not in on_path
                ]

    def _operands(self, net: int, flops: dict[int, Flop]) -> tuple[Bit, ...]:
        if net in self.netlist.gates:
            return self.netlist.gates[net][1]
        if net in self.netlist.buffers:
            return (self.netlist.buffers[net],)
        latch = flops[net]
        return (latch.load if latch.load is not None else "x", latch.loaded)

    def _combine(self, net: int, operands: list[int], latches: dict[int, tuple[int, int]]) -> int:
        if net in latches:
            enable, data = operands
            return self.graph.choice(enable, data, latches[net][1])
        if net in self.netlist.buffers:
            return operands[0]
        return _gate(self.graph, self.netlist.gates[net][0], operands)

    def _literal(self, bit: Bit, bits: dict[Bit, int]) -> int:
        return self.graph.input() if bit in ("x", "z") else bits[bit]

    def _seen(self, flop: Flop, bit: Bit) -> int:
        """What the block of a register sees of a net when it runs."""
        if self.blocks is None or self.model.views is None:
            return self._literal(bit, self.model.bits)
        return self.model.views.read(self.blocks.block(flop), bit)

    def _enable(self, net: Bit, rising: bool) -> int:
        key = (net, rising)
        if key not in self.enables:
            literal = self.graph.input()
            signal, is_port = self.names.get(net, ("", False))
            edge = Edge.POSEDGE if rising else Edge.NEGEDGE
            self.model.ticks[literal >> 1] = Tick(signal, edge, is_port)
            # The clocks run during the reset, so that synchronous resets take effect.
            self.enables[key] = self.graph.either(literal, self.in_reset) if is_port else literal
        return self.enables[key]

    def _next(self, flop: Flop, value: int) -> int:
        """What a register takes: its block runs at an edge of its clock, and at one of an active reset."""
        graph = self.graph
        assert flop.clock is not None
        runs, taken = self._enable(flop.clock, flop.rising), self._seen(flop, flop.data)
        if flop.load is not None:
            loads = self._seen(flop, flop.load)
            loads = loads if flop.load_level else inverted(loads)
            runs = graph.either(runs, graph.both(self._enable(flop.load, flop.load_level), loads))
            taken = graph.choice(loads, self._seen(flop, flop.loaded), taken)
        return graph.choice(runs, taken, value)


def _gate(graph: Graph, kind: str, operands: list[int]) -> int:
    """The literal of a gate's output."""
    left, right = operands[0], operands[1] if len(operands) > 1 else FALSE
    match kind:
        case "$_NOT_":
            result = inverted(left)
        case "$_AND_" | "$_NAND_":
            result = graph.both(left, right)
        case "$_OR_" | "$_NOR_":
            result = graph.either(left, right)
        case "$_XOR_" | "$_XNOR_":
            result = graph.choice(left, inverted(right), right)
        case "$_ANDNOT_":
            result = graph.both(left, inverted(right))
        case "$_ORNOT_":
            result = graph.either(left, inverted(right))
        case "$_MUX_" | "$_NMUX_":
            result = graph.choice(operands[2], right, left)
        case _:
            raise UnsupportedError(f"the prover knows no gate {kind}")
    return inverted(result) if kind in ("$_NAND_", "$_NOR_", "$_XNOR_", "$_NMUX_") else result


def _names(netlist: Netlist) -> dict[Bit, tuple[str, bool]]:
    """A name for every net that has one, a port's rather than another, and whether it is a port's."""
    found: dict[Bit, tuple[str, bool]] = {}
    for table, is_port in ((netlist.inputs, True), (netlist.names, False)):
        for name, bits in table.items():
            for place, bit in enumerate(bits):
                found.setdefault(bit, (name if len(bits) == 1 else f"{name}[{place}]", is_port))
    return found
