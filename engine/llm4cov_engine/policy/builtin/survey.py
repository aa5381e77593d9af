"""From an elaborated design to the fixed part of its testbench."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from llm4cov_engine.elaboration.records import Direction, Edge, Port, Span
from llm4cov_engine.elaboration.syntax import is_identifier
from llm4cov_engine.policy.builtin.bench import Bench, BenchClock, BenchInterface, BenchReset
from llm4cov_engine.policy.builtin.buses import find_buses
from llm4cov_engine.policy.builtin.signals import Signal
from llm4cov_engine.policy.builtin.values import fields_for, values_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.elaboration.records import Elaboration
    from llm4cov_engine.policy.builtin.comparisons import Comparison
    from llm4cov_engine.policy.builtin.interfaces import InterfacePort, Member
    from llm4cov_engine.policy.builtin.values import Field

KIT_NAMES = frozenset(
    {"all_shapes", "calm_shapes", "choose_shapes", "cycle", "cycles_left", "drive", "inputs", "observed"}
    | {"pulse_reset", "restart", "run", "set_up", "start_phase", "tick", "wait_for_change", "shape_e"}
    | {
        "Drive",
        "Input",
        "Random",
        "CHAIN",
        "CORNER",
        "DENSE",
        "FALL",
        "FIELDS",
        "FLIP",
        "HIGH",
        "HOLD",
        "LOW",
    }
    | {"OFTEN", "ONE_HOT", "RAMP", "RANDOM", "RARE", "SLOW", "SMALL", "SPARSE", "TOGGLE", "TWIN", "VALUE"}
    # Of testbenches that a search found.
    | {"INPUTS", "WIDTHS", "awaited_output", "clock_divisor", "clock_phase", "clock_rises", "draw", "hold"}
    | {"cycles_left", "earlier_outputs", "ends_on_change", "behaviour", "behaviour_t", "input_id_t"}
    | {"input_now", "listed", "mode_e", "next_input", "output_is_high", "random_bits"}
    | {"random_fields", "random_state", "reset_dut", "run_until", "set_clock", "start_trial"}
    | {"at", "after", "cycle_number", "drawn", "every", "first_state", "given", "held", "how", "n_cycles"}
    | {"place", "steps", "wait_for_change", "watched_outputs", "which", "who", "word"}
    | {"ANSWER", "BIASED", "FOLLOW", "LISTED", "NEAR", "PULSE", "SAME", "SEQUENCE", "SERIAL", "UNTIL"}
)
"""Names the testbench uses itself; a port of such a name gets a signal of another."""

MOST_ELEMENTS = 16
"""Elements of an array port that are driven one by one; a larger array is driven in a loop."""

_HALF_PERIODS = (5, 7, 3, 11, 13, 17, 9, 19)
_REAL = re.compile(r"(real|shortreal|realtime)\b")
_TIMESCALE = re.compile(r"^\s*(`timescale|timeunit)\b", re.MULTILINE)
_ACTIVE_LOW = re.compile(r"(_n|_b|_l|_ni|_bar)$|^n(cs|ce|we|oe|rd|wr)$|(cs|ce|we|oe)n$", re.IGNORECASE)
_SERIAL = re.compile(
    r"(^|_)(rxd?|sin|sdi|sda|miso|mosi|si|din|(uart|ser|serial)(_?(in|data|rx|rxd))?)(_i|_in|_pin)?$",
    re.IGNORECASE,
)
_IDLES_HIGH = re.compile(r"(^|_)(rxd?|uart|sin|sda|ser|serial)", re.IGNORECASE)


def survey(
    design: Design,
    elaboration: Elaboration,
    comparisons: Sequence[Comparison] = (),
    interfaces: Sequence[InterfacePort] = (),
    structs: Mapping[str, tuple[Member, ...]] | None = None,
) -> Bench:
    """Decide what the testbench declares, connects, clocks, resets, drives and watches."""
    names = _signal_names(design, elaboration)
    parts = _Parts(_Mine(design, elaboration, comparisons), names, structs or {})
    for clock in elaboration.clocks:
        parts.add_clock(clock.port, names[clock.port], clock.edges)
    for reset in elaboration.resets:
        parts.add_reset(reset.port, names[reset.port], reset.active_low)
    for port in elaboration.ports:
        parts.add_port(port)
    for interface in interfaces:
        parts.add_interface(interface)
    driven = _with_twins(parts.driven)
    return Bench(
        module=_module_name(design, elaboration),
        top=design.top,
        instance=design.instance,
        parameters=tuple(design.parameters.items()),
        connections=tuple((port.name, names[port.name]) for port in elaboration.ports),
        variables=tuple(parts.variables),
        interfaces=tuple(parts.interfaces),
        clocks=tuple(parts.clocks),
        resets=tuple(parts.resets),
        driven=driven,
        inouts=tuple(parts.inouts),
        outputs=tuple(parts.outputs),
        observed=_observed(
            [*parts.outputs, *parts.inouts, *parts.watched], structs.keys() if structs else set()
        ),
        buses=find_buses(driven, parts.outputs),
        size=sum(len(source.text) for source in design.sources),
        has_timescale=any(_TIMESCALE.search(file.text) for file in (*design.sources, *design.headers)),
        notes=tuple(parts.notes),
    )


class _Parts:
    """The parts of a bench, port by port."""

    def __init__(self, mine: _Mine, names: dict[str, str], structs: Mapping[str, tuple[Member, ...]]) -> None:
        self._mine = mine
        self._structs = structs
        self._names = names
        self.variables: list[str] = []
        self.interfaces: list[BenchInterface] = []
        self.clocks: list[BenchClock] = []
        self.resets: list[BenchReset] = []
        self.driven: list[Signal] = []
        self.inouts: list[Signal] = []
        self.outputs: list[Signal] = []
        self.watched: list[Signal] = []
        self.notes: list[str] = []

    def add_clock(self, port: str, name: str, edges: Sequence[Edge] = ()) -> None:
        """Generate a clock; periods differ, so that edges drift past each other."""
        index = len(self.clocks)
        edge = "posedge" if Edge.POSEDGE in edges or not edges else "negedge"
        half = _HALF_PERIODS[index] if index < len(_HALF_PERIODS) else 5 + 2 * index
        self.clocks.append(BenchClock(port, name, half, edge))

    def add_reset(self, port: str, name: str, active_low: bool) -> None:
        """Drive a reset, unless the same port clocks something."""
        if port not in {clock.port for clock in self.clocks}:
            self.resets.append(
                BenchReset(port, name, *(("1'b0", "1'b1") if active_low else ("1'b1", "1'b0")))
            )

    def add_port(self, port: Port) -> None:
        """Declare, drive or watch a port that is no clock and no reset."""
        name = self._names[port.name]
        whole = Signal(port.name, name, port.type, port.width, port.unpacked)
        if port.direction is Direction.OUTPUT:
            self.outputs.append(whole)
        elif port.direction is Direction.INOUT:
            self.inouts.append(whole)
            self._drive(port, f"{name}_value")
            enable = Signal(port.name, f"{name}_enable", "logic", 1, idle=1)
            self.variables.append(enable.declaration)
            self.driven.append(enable)
        elif port.direction is Direction.INPUT and port.name in self._structs:
            self.variables.append(whole.declaration)
            self.driven += [self._member(name, field) for field in self._structs[port.name]]
            if not self._structs[port.name]:
                self.notes.append(f"The port {port.name} is connected but not driven.")
        elif port.direction is Direction.INPUT:
            if port.name not in {each.port for each in self.clocks} | {each.port for each in self.resets}:
                self._drive(port, name)
        elif port.direction is Direction.REF:
            self.variables.append(whole.declaration)
            self.notes.append(f"The ref port {port.name} is connected but not driven.")

    def _drive(self, port: Port, name: str) -> None:
        """Declare a variable and drive it; the elements of a small array one by one."""
        signal = _driven(port, name, self._mine)
        self.variables.append(signal.declaration)
        places = [range(min(pair), max(pair) + 1) for pair in port.unpacked]
        if prod(len(place) for place in places) > MOST_ELEMENTS:
            self.driven.append(signal)
            return
        for indices in product(*places):
            element = name + "".join(f"[{index}]" for index in indices)
            self.driven.append(replace(signal, name=element, unpacked=()))

    def add_interface(self, interface: InterfacePort) -> None:
        """Instantiate an interface, connect its own ports and drive what the DUT reads."""
        name = self._names[interface.name]
        if not interface.driven:
            self.notes.append(f"The signals of the interface port {interface.name} are not driven.")
        connections = tuple(
            (member.name, self._interface_input(f"{name}_{member.name}", member))
            for member in interface.inputs
        )
        self.interfaces.append(BenchInterface(name, interface.definition, interface.dimensions, connections))
        for member in interface.driven:
            self.driven.append(self._member(name, member))
        for member in interface.watched:
            self.watched.append(Signal("", f"{name}.{member.name}", member.type, member.width))

    def _member(self, name: str, member: Member) -> Signal:
        """A driven signal inside an interface or a struct."""
        port = _as_port(f"{name}.{member.name}", member)
        return _driven(port, port.name, self._mine)

    def _interface_input(self, name: str, member: Member) -> str:
        """What an interface's own input is connected to: a signal of that name there is, or a new one."""
        shared = self._names.get(member.name, "")
        if member.is_clock and shared in {clock.name for clock in self.clocks}:
            return shared
        if member.is_reset and shared in {reset.name for reset in self.resets}:
            return shared
        if member.is_clock:
            self.add_clock(name, name)
        elif member.is_reset:
            self.add_reset(name, name, member.is_active_low)
        else:
            self._drive(_as_port(name, member), name)
        return name


def _as_port(name: str, member: Member) -> Port:
    """An interface's signal as if it were an input port of the DUT."""
    return Port(name, Direction.INPUT, member.type, member.width, False, Span("", 1, 1, 1, 1))


def _observed(outputs: Sequence[Signal], structs: Set[str]) -> tuple[Signal, ...]:
    """What fits into one packed vector; `structs` are ports that are none."""
    return tuple(
        each
        for each in outputs
        if each.width and not each.unpacked and not _REAL.match(each.type) and each.port not in structs
    )


def _module_name(design: Design, elaboration: Elaboration) -> str:
    """A name for the testbench's module that the design does not use."""
    name = re.sub(r"\W", "_", f"{design.top}_tb", flags=re.ASCII)
    name = name if is_identifier(name) else f"tb_{name}"
    while name in elaboration.modules:
        name += "_new"
    return name


def _signal_names(design: Design, elaboration: Elaboration) -> dict[str, str]:
    """A name per port, the port's own wherever that clashes with nothing."""
    taken = {design.instance, *KIT_NAMES}
    taken |= {
        port.name + end for port in elaboration.ports for end in ("_drive", "_value", "_enable", "_half")
    }
    names: dict[str, str] = {}
    for port in elaboration.ports:
        name = re.sub(r"\W", "_", port.name, flags=re.ASCII)
        while name in taken or not is_identifier(name):
            name += "_port"
        taken.add(name)
        names[port.name] = name
    return names


class _Mine:
    """Values and fields per port."""

    def __init__(self, design: Design, elaboration: Elaboration, comparisons: Sequence[Comparison]) -> None:
        ports = {port.name for port in elaboration.ports}
        self._comparisons = comparisons
        self._texts = [source.text for source in design.sources]
        # What is compared with one port is no value for another.
        self._loose = [each for each in elaboration.constants if each.compared_with not in ports]

    def values(self, port: Port) -> tuple[tuple[int, ...], int]:
        return values_for(port.name, port.width, self._of(port), self._loose)

    def fields(self, port: Port) -> tuple[Field, ...]:
        return fields_for(port.name, port.width, self._of(port), self._texts)

    def _of(self, port: Port) -> list[Comparison]:
        return [each for each in self._comparisons if each.port == port.name]


def _driven(port: Port, name: str, mine: _Mine) -> Signal:
    """The signal that drives a port."""
    serial = port.width == 1 and not port.unpacked and bool(_SERIAL.search(port.name))
    rests_high = _ACTIVE_LOW.search(port.name) or (serial and _IDLES_HIGH.search(port.name))
    values, sure = mine.values(port)
    return Signal(
        port.name,
        name,
        port.type,
        port.width,
        port.unpacked,
        values=values,
        compared=sure or len(values),
        fields=mine.fields(port),
        idle=int(port.width == 1 and bool(rests_high)),
        is_serial=serial,
    )


def _with_twins(driven: list[Signal]) -> tuple[Signal, ...]:
    """Pair every vector with the next one of its width: equal inputs are a case of their own."""
    by_width: dict[int, list[Signal]] = {}
    for signal in driven:
        if signal.width > 2:
            by_width.setdefault(signal.width, []).append(signal)
    twins: dict[str, str] = {}
    for group in by_width.values():
        if len(group) > 1:
            twins |= {
                one.name: other.driver for one, other in zip(group, [*group[1:], group[0]], strict=True)
            }
    return tuple(replace(signal, twin=twins.get(signal.name, "")) for signal in driven)
