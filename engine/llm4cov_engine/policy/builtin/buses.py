"""Register buses among the ports: which inputs make an access, and in which steps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm4cov_engine.policy.builtin.signals import Signal

if TYPE_CHECKING:
    from collections.abc import Iterable

ADDRESS = "address"
DATA = "data"
ONES = "'1"
ZERO = "'0"
"""What a step can put on a signal."""


@dataclass(frozen=True, slots=True)
class Step:
    """Part of an access: inputs that take a value, then a cycle, or more of them until an output is 1.

    Attributes:
        drives: (signal, ADDRESS, DATA, ONES or ZERO) pairs.
        until: the output to wait for, within bounds; "" for a single cycle.
    """

    drives: tuple[tuple[Signal, str], ...]
    until: str = ""


@dataclass(frozen=True, slots=True)
class Bus:
    """A register bus.

    Attributes:
        name: stem for the names of its tasks.
        kind: its protocol in words, for a comment.
        write: steps of a write access.
        read: steps of a read access; () when the bus cannot read.
    """

    name: str
    kind: str
    address: Signal
    data: Signal
    write: tuple[Step, ...]
    read: tuple[Step, ...]

    @property
    def accesses(self) -> tuple[tuple[str, tuple[Step, ...]], ...]:
        """("write", its steps) and, where the bus can, ("read", its steps)."""
        return (("write", self.write), ("read", self.read)) if self.read else (("write", self.write),)

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Every input the bus uses, each once."""
        found = {signal.name: signal for step in (*self.write, *self.read) for signal, _ in step.drives}
        return tuple(found.values())


def find_buses(driven: Iterable[Signal], outputs: Iterable[Signal]) -> tuple[Bus, ...]:
    """Buses by the names and widths of their ports; a port belongs to one bus only."""
    ports = _Ports(driven, outputs)
    found: list[Bus] = []
    for find in (_apb, _axi_lite, _wishbone, _plain):
        for prefix in ports.prefixes():
            bus = find(ports, prefix)
            if bus is not None:
                found.append(bus)
                ports.take(bus)
    return tuple(found)


class _Ports:
    """Inputs and outputs by role: a name without its prefix and its direction's suffix, in lower case."""

    def __init__(self, driven: Iterable[Signal], outputs: Iterable[Signal]) -> None:
        self._driven = [signal for signal in driven if not signal.unpacked]
        self._outputs = [signal for signal in outputs if not signal.unpacked and signal.width == 1]

    def prefixes(self) -> list[str]:
        """What may stand before the roles: "" and every beginning of a name up to an underscore."""
        found = {""}
        for signal in self._driven:
            name = signal.port.lower()
            found |= {name[: match.end()] for match in re.finditer("_", name)}
        return sorted(found, key=lambda prefix: (-len(prefix), prefix))

    def take(self, bus: Bus) -> None:
        """Leave a bus's inputs out from now on."""
        used = {signal.name for signal in bus.signals}
        self._driven = [signal for signal in self._driven if signal.name not in used]

    def input(self, prefix: str, roles: str, *, single: bool) -> Signal | None:
        """The first input that plays one of the roles, of one bit or of several."""
        return next((s for s in _matching(self._driven, prefix, roles) if s.is_control == single), None)

    def output(self, prefix: str, roles: str) -> str:
        """Name of the output that plays one of the roles; "" for none."""
        return next((signal.name for signal in _matching(self._outputs, prefix, roles)), "")


def _matching(signals: Iterable[Signal], prefix: str, roles: str) -> Iterable[Signal]:
    pattern = re.compile(rf"(?:{roles})(?:_?[iop]|_?in|_?out)?")
    for signal in signals:
        name = signal.port.lower()
        if name.startswith(prefix) and pattern.fullmatch(name[len(prefix) :]):
            yield signal


def _given(*pairs: tuple[Signal | None, str]) -> tuple[tuple[Signal, str], ...]:
    """The pairs whose signal exists."""
    return tuple((signal, value) for signal, value in pairs if signal is not None)


def _apb(ports: _Ports, prefix: str) -> Bus | None:
    select = ports.input(prefix, "psel[x0-9]*", single=True)
    enable = ports.input(prefix, "penable", single=True)
    write = ports.input(prefix, "pwrite", single=True)
    address = ports.input(prefix, "paddr", single=False)
    data = ports.input(prefix, "pwdata", single=False)
    if select is None or enable is None or write is None or address is None or data is None:
        return None
    ready = ports.output(prefix, "pready")
    strobe = ports.input(prefix, "pstrb", single=False)

    def access(direction: str) -> tuple[Step, ...]:
        setup = _given(
            (select, ONES),
            (enable, ZERO),
            (write, direction),
            (address, ADDRESS),
            (data, DATA),
            (strobe, ONES),
        )
        return (Step(setup), Step(((enable, ONES),), ready), Step(((select, ZERO), (enable, ZERO))))

    return Bus(f"{prefix}apb", "APB", address, data, access(ONES), access(ZERO))


def _axi_lite(ports: _Ports, prefix: str) -> Bus | None:
    address = ports.input(prefix, "awaddr", single=False)
    address_valid = ports.input(prefix, "awvalid", single=True)
    data = ports.input(prefix, "wdata", single=False)
    data_valid = ports.input(prefix, "wvalid", single=True)
    if address is None or address_valid is None or data is None or data_valid is None:
        return None
    strobe = ports.input(prefix, "wstrb", single=False)
    last = ports.input(prefix, "wlast", single=True)
    answer = ports.input(prefix, "bready", single=True)
    read_address = ports.input(prefix, "araddr", single=False)
    read_valid = ports.input(prefix, "arvalid", single=True)
    read_ready = ports.input(prefix, "rready", single=True)
    begin = _given(
        (address, ADDRESS),
        (address_valid, ONES),
        (data, DATA),
        (data_valid, ONES),
        (strobe, ONES),
        (last, ONES),
        (answer, ONES),
    )
    write = (Step(begin, ports.output(prefix, "bvalid")), Step(((address_valid, ZERO), (data_valid, ZERO))))
    read: tuple[Step, ...] = ()
    if read_address is not None and read_valid is not None:
        begin = _given((read_address, ADDRESS), (read_valid, ONES), (read_ready, ONES))
        read = (Step(begin, ports.output(prefix, "rvalid")), Step(((read_valid, ZERO),)))
    return Bus(f"{prefix}axi", "AXI4-Lite", address, data, write, read)


def _wishbone(ports: _Ports, prefix: str) -> Bus | None:
    strobe = ports.input(prefix, "stb", single=True)
    write = ports.input(prefix, "we", single=True)
    address = ports.input(prefix, "adr", single=False)
    data = ports.input(prefix, "dat|dat_w|wdat|mosi", single=False)
    if strobe is None or write is None or address is None or data is None:
        return None
    cycle = ports.input(prefix, "cyc", single=True)
    select = ports.input(prefix, "sel", single=False)
    done = ports.output(prefix, "ack")

    def access(direction: str) -> tuple[Step, ...]:
        begin = _given(
            (cycle, ONES),
            (strobe, ONES),
            (select, ONES),
            (write, direction),
            (address, ADDRESS),
            (data, DATA),
        )
        return (Step(begin, done), Step(_given((cycle, ZERO), (strobe, ZERO))))

    return Bus(f"{prefix}wishbone", "Wishbone", address, data, access(ONES), access(ZERO))


def _plain(ports: _Ports, prefix: str) -> Bus | None:
    write = ports.input(
        prefix, "we|wen|wr|wr_en|wren|write|write_en|write_enable|wr_enable|reg_wr", single=True
    )
    address = ports.input(prefix, "a|addr|address|adr|waddr|wr_addr|write_addr|reg_addr", single=False)
    data = ports.input(
        prefix, "d|wdata|wr_data|write_data|writedata|data|din|data_in|dat|reg_wdata|w_data", single=False
    )
    if write is None or address is None or data is None:
        return None
    read = ports.input(prefix, "re|ren|rd|rd_en|rden|read|read_en|read_enable|rd_enable|reg_rd", single=True)
    select = ports.input(prefix, "cs|ce|en|enable|sel|select|valid|req", single=True)

    def access(writes: str, reads: str) -> tuple[Step, ...]:
        begin = _given((address, ADDRESS), (data, DATA), (write, writes), (read, reads), (select, ONES))
        return (Step(begin), Step(_given((write, ZERO), (read, ZERO), (select, ZERO))))

    return Bus(f"{prefix}bus", "write enable", address, data, access(ONES, ZERO), access(ZERO, ONES))
