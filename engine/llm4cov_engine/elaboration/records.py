"""What elaboration says about a design: ports, parameters, clocks, resets, hierarchy, spans."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Span:
    """A range of source text; lines and columns count from 1, the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


class Direction(StrEnum):
    """Direction of a port, seen from the module (IEEE 1800-2023, 23.2.2)."""

    INPUT = "input"
    OUTPUT = "output"
    INOUT = "inout"
    REF = "ref"
    INTERFACE = "interface"


@dataclass(frozen=True, slots=True)
class Port:
    """A port of the top module.

    Attributes:
        type: the type as SystemVerilog text with every parameter resolved, fit for a declaration in a
            testbench in which the design's packages are visible ("logic[7:0]", "ctrl_pkg::op_e").
        width: number of bits of one element of the port; 0 for an interface.
        unpacked: unpacked dimensions as (left, right) pairs, outermost first; () for none.
        interface: name of the interface definition, for an interface port.
        modport: its modport, "" for none.
    """

    name: str
    direction: Direction
    type: str
    width: int
    signed: bool
    span: Span
    unpacked: tuple[tuple[int, int], ...] = ()
    interface: str = ""
    modport: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the top module, as elaborated."""

    name: str
    type: str
    value: str
    is_local: bool
    span: Span


class Edge(StrEnum):
    """An edge of a clock or of an asynchronous reset."""

    POSEDGE = "posedge"
    NEGEDGE = "negedge"


@dataclass(frozen=True, slots=True)
class Clock:
    """An input port that clocks flip-flops somewhere below the top.

    Attributes:
        flops: how many always_ff-like blocks it clocks; the main clock has the most.
        selects: the parts of the port that clock, most used first, when it is wider than a clock: ".clk" of
            a struct, "[0]" of a vector; () for the whole port.
    """

    port: str
    edges: tuple[Edge, ...]
    flops: int
    selects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reset:
    """An input port that resets flip-flops somewhere below the top.

    Attributes:
        active_low: True when the RTL resets on 0.
        asynchronous: True when it stands in an event control as an edge.
        blocks: how many always blocks it resets.
        selects: the parts of the port that reset, as in `Clock`.
    """

    port: str
    active_low: bool
    asynchronous: bool
    blocks: int
    selects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """A module instance; `path` starts at the DUT instance name ("dut.u_ctrl.g[0].u_fifo")."""

    path: str
    module: str
    span: Span
    children: tuple[Instance, ...] = ()


class Severity(StrEnum):
    """Severity of a problem, of whichever tool found it."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Problem:
    """A complaint about source text, from pyslang, Verilator or the C++ compiler.

    Attributes:
        code: the tool's own name for it ("UnknownModule", "PINMISSING"), "" when it has none.
        span: where; None when the tool named no place.
    """

    severity: Severity
    message: str
    code: str = ""
    span: Span | None = None

    def __str__(self) -> str:
        where = f"{self.span.file}:{self.span.line}:{self.span.column}: " if self.span else ""
        code = f" [{self.code}]" if self.code else ""
        return f"{where}{self.severity}: {self.message}{code}"


@dataclass(frozen=True, slots=True)
class Constant:
    """A value the RTL compares something with: what a stimulus should try.

    Attributes:
        value: the number, as an unsigned integer of `width` bits.
        compared_with: dotted name of what it is compared with when that is a plain signal, else "".
        span: the comparison.
    """

    value: int
    width: int
    compared_with: str
    span: Span


@dataclass(frozen=True)
class Elaboration:
    """The elaborated design.

    Attributes:
        ports: of the top, in declaration order.
        parameters: of the top, in declaration order.
        clocks: main clock first; () for a combinational design.
        resets: the one that resets most first.
        hierarchy: the DUT instance and everything below it.
        modules: every module definition in the sources, name to the span of the whole definition.
        constants: mined from comparisons, case items and ranges, in source order, without repeats.
        problems: complaints that do not stop a simulation for certain, errors among them that Verilator may
            let pass; what does stop it raises `ElaborationError` instead.
        reads: names of the files the RTL reads by $readmemh and $readmemb, as it asks for them.
    """

    top: str
    ports: tuple[Port, ...]
    parameters: tuple[Parameter, ...]
    clocks: tuple[Clock, ...]
    resets: tuple[Reset, ...]
    hierarchy: Instance
    modules: dict[str, Span]
    constants: tuple[Constant, ...] = ()
    problems: tuple[Problem, ...] = ()
    reads: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Ports a testbench drives (inouts not among them), clocks and resets included."""
        return tuple(port for port in self.ports if port.direction is Direction.INPUT)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Ports a testbench reads."""
        return tuple(port for port in self.ports if port.direction is Direction.OUTPUT)
