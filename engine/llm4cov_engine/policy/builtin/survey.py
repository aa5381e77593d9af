"""From an elaborated design to the fixed part of its testbench."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from llm4cov_engine.elaboration.records import Direction, Edge
from llm4cov_engine.policy.builtin.bench import Bench, BenchClock, BenchReset
from llm4cov_engine.policy.builtin.buses import find_buses
from llm4cov_engine.policy.builtin.signals import Signal
from llm4cov_engine.policy.builtin.values import fields_for, values_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.elaboration.records import Clock, Elaboration, Port
    from llm4cov_engine.policy.builtin.comparisons import Comparison
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
)
"""Names the testbench uses itself; a port of such a name gets a signal of another."""

_HALF_PERIODS = (5, 7, 3, 11, 13, 17, 9, 19)
_TIMESCALE = re.compile(r"^\s*(`timescale|timeunit)\b", re.MULTILINE)
_ACTIVE_LOW = re.compile(r"(_n|_b|_l|_ni|_bar)$|^n(cs|ce|we|oe|rd|wr)$|(cs|ce|we|oe)n$", re.IGNORECASE)
_SERIAL = re.compile(
    r"(^|_)(rxd?|sin|sdi|sda|miso|mosi|si|din|(uart|ser|serial)(_?(in|data|rx|rxd))?)(_i|_in|_pin)?$",
    re.IGNORECASE,
)
_IDLES_HIGH = re.compile(r"(^|_)(rxd?|uart|sin|sda|ser|serial)", re.IGNORECASE)


def survey(design: Design, elaboration: Elaboration, comparisons: Sequence[Comparison] = ()) -> Bench:
    """Decide what the testbench declares, connects, clocks, resets, drives and watches."""
    notes: list[str] = []
    mine = _Mine(design, elaboration, comparisons)
    clock_ports = {clock.port for clock in elaboration.clocks}
    reset_ports = {reset.port for reset in elaboration.resets} - clock_ports
    names = _signal_names(design, elaboration)
    driven: list[Signal] = []
    inouts: list[Signal] = []
    outputs: list[Signal] = []
    connections: list[tuple[str, str]] = []
    for port in elaboration.ports:
        name = names[port.name]
        connections.append((port.name, name))
        if port.direction is Direction.OUTPUT:
            outputs.append(Signal(port.name, name, port.type, port.width, port.unpacked))
        elif port.direction is Direction.INOUT:
            inouts.append(Signal(port.name, name, port.type, port.width, port.unpacked))
            driven.append(_driven(port, f"{name}_value", mine))
        elif port.direction is Direction.INPUT and port.name not in clock_ports | reset_ports:
            driven.append(_driven(port, name, mine))
        elif port.direction in (Direction.INTERFACE, Direction.REF):
            notes.append(f"The {port.direction.value} port {port.name} is connected but not driven.")
    paired = _with_twins(driven)
    return Bench(
        module=_module_name(design, elaboration),
        top=design.top,
        instance=design.instance,
        parameters=tuple(design.parameters.items()),
        connections=tuple(connections),
        clocks=tuple(_clocks(elaboration.clocks, names)),
        resets=tuple(
            BenchReset(
                reset.port, names[reset.port], *(("1'b0", "1'b1") if reset.active_low else ("1'b1", "1'b0"))
            )
            for reset in elaboration.resets
            if reset.port in reset_ports
        ),
        driven=paired,
        inouts=tuple(inouts),
        outputs=tuple(outputs),
        buses=find_buses(paired, outputs),
        size=sum(len(source.text) for source in design.sources),
        has_timescale=any(_TIMESCALE.search(file.text) for file in (*design.sources, *design.headers)),
        notes=tuple(notes),
    )


def _module_name(design: Design, elaboration: Elaboration) -> str:
    """A name for the testbench's module that the design does not use."""
    name = f"{design.top}_tb"
    while name in elaboration.modules:
        name += "_new"
    return name


def _signal_names(design: Design, elaboration: Elaboration) -> dict[str, str]:
    """A name per port, the port's own wherever that clashes with nothing."""
    taken = {design.instance, *KIT_NAMES}
    names: dict[str, str] = {}
    for port in elaboration.ports:
        name = re.sub(r"\W", "_", port.name)
        while name in taken:
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


def _clocks(clocks: tuple[Clock, ...], names: dict[str, str]) -> list[BenchClock]:
    """A generator per clock; periods differ, so that edges drift past each other."""
    result: list[BenchClock] = []
    for index, clock in enumerate(clocks):
        edge = "posedge" if Edge.POSEDGE in clock.edges or not clock.edges else "negedge"
        half = _HALF_PERIODS[index] if index < len(_HALF_PERIODS) else 5 + 2 * index
        result.append(BenchClock(clock.port, names[clock.port], half, edge))
    return result
