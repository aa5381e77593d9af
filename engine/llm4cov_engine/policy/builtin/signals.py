"""Signals of a testbench: how they are declared, written and driven."""

from __future__ import annotations

import re
from dataclasses import dataclass

from llm4cov_engine.policy.builtin.values import Field, literal, with_neighbours

_BUILT_IN_TYPE = re.compile(
    r"(logic|reg|bit|wire|byte|shortint|int|longint|integer|time|real|shortreal|realtime)\b(?!::)"
)
_LOOP_VARIABLES = "ijklmn"


@dataclass(frozen=True, slots=True)
class Signal:
    """A variable of the testbench that drives (a part of) a DUT input, or a net that a DUT output drives.

    Attributes:
        port: the DUT's port.
        name: the testbench's own name for it; differs from the port's where that would clash.
        type: of one element, for its declaration.
        width: bits of one element.
        unpacked: unpacked dimensions, outermost first.
        values: what the RTL compares it with, or may, unsigned, in source order.
        compared: how many of them count as compared with this very signal; they come first.
        fields: parts of it that the RTL treats as one, the most telling first.
        twin: driver of another signal of the same width, "" for none: equal values are worth a try.
        idle: its value while nothing happens.
        is_serial: a 1-bit input that seems to take one bit after the other.
    """

    port: str
    name: str
    type: str
    width: int
    unpacked: tuple[tuple[int, int], ...] = ()
    values: tuple[int, ...] = ()
    compared: int = 0
    fields: tuple[Field, ...] = ()
    twin: str = ""
    idle: int = 0
    is_serial: bool = False

    @property
    def has_plain_type(self) -> bool:
        """Whether its type is one of the language's own, no enum and no struct."""
        return _BUILT_IN_TYPE.match(self.type) is not None

    @property
    def is_control(self) -> bool:
        """A single bit."""
        return self.width == 1 and not self.unpacked

    @property
    def identifier(self) -> str:
        """The name as the stem of other names ("bus.req" gives "bus_req")."""
        return re.sub(r"\W+", "_", self.name).strip("_")

    @property
    def driver(self) -> str:
        """The object that says how the signal behaves."""
        return f"{self.identifier}_drive"

    @property
    def spaced_type(self) -> str:
        """The type with a blank before its packed dimensions: "logic[7:0]" gives "logic [7:0]"."""
        return re.sub(r"(?<=\w)\[", " [", self.type, count=1)

    @property
    def declaration(self) -> str:
        """Declares the variable: "logic [7:0] data [0:3]"."""
        return f"{self.spaced_type} {self.name}{self.dimensions}"

    @property
    def dimensions(self) -> str:
        """The unpacked dimensions as text, with a leading blank; "" for none."""
        return "".join(f" [{left}:{right}]" for left, right in self.unpacked)

    @property
    def loop(self) -> str:
        """Head of a loop over all elements: "foreach (data[i, j]) "; "" for a signal of one element."""
        if not self.unpacked:
            return ""
        return f"foreach ({self.name}[{', '.join(_LOOP_VARIABLES[: len(self.unpacked)])}]) "

    @property
    def element(self) -> str:
        """One element of the signal, inside `loop`: "data[i][j]"."""
        return self.name + "".join(f"[{index}]" for index in _LOOP_VARIABLES[: len(self.unpacked)])

    @property
    def around(self) -> tuple[int, ...]:
        """`values`, then their neighbours."""
        return with_neighbours(self.values, self.width)

    def typed(self, sized: str) -> str:
        """A sized expression as one of this signal's type: enums and structs need a cast."""
        return sized if self.has_plain_type else f"{self.type}'({sized})"

    def number(self, value: int) -> str:
        """A literal of this signal's width."""
        return literal(value, self.width)
