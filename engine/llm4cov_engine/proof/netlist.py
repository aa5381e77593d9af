"""Yosys's JSON of a flattened design as records."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

Bit = int | str
"""The number of a net, or a constant: "0", "1", "x", "z"."""

GATES = {
    "$_NOT_": "A",
    "$_AND_": "AB",
    "$_NAND_": "AB",
    "$_OR_": "AB",
    "$_NOR_": "AB",
    "$_XOR_": "AB",
    "$_XNOR_": "AB",
    "$_ANDNOT_": "AB",
    "$_ORNOT_": "AB",
    "$_MUX_": "ABS",
    "$_NMUX_": "ABS",
}
"""Yosys's gates, with their inputs; a multiplexer takes B where S holds."""

CHECK = "llm4cov_check"
BUFFER = "llm4cov_buffer"
"""What the passes rename cells to that no optimisation may touch (`passes`)."""


class UnsupportedError(Exception):
    """The netlist holds something that the model has no meaning for; says what, for people."""


@dataclass(frozen=True, slots=True)
class Flop:
    """A register of one bit.

    Attributes:
        clock: None for a latch, whose `load` is then its enable and whose `loaded` its data.
        rising: whether it takes `data` at the rising edge.
        load: what loads `loaded` asynchronously; None for nothing.
        load_level: the level of `load` that loads.
        source: where the block begins that assigns it, as Yosys has it.
    """

    output: int
    clock: Bit | None
    rising: bool
    data: Bit
    load: Bit | None = None
    load_level: bool = True
    loaded: Bit = "x"
    source: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """An assertion: violated where `enable` holds and `condition` does not.

    Attributes:
        path: of the instance it is in, from the top's own name on, which is left out ("" for the top).
        file, line: where it stands.
    """

    path: str
    file: str
    line: int
    enable: Bit
    condition: Bit


@dataclass
class Netlist:
    """A flattened design of gates.

    Attributes:
        inputs: bits of each input port, the lowest first.
        names: bits of every named wire, the lowest first.
        gates: kind and operands of gates, by the net they drive; see `GATES`.
        buffers: what a net takes over from another, by the net; "x" where nothing was ever assigned.
        free: nets with any value.
        initial: initial values of nets, "0" and "1".
    """

    inputs: dict[str, list[Bit]] = field(default_factory=dict)
    names: dict[str, list[Bit]] = field(default_factory=dict)
    gates: dict[int, tuple[str, tuple[Bit, ...]]] = field(default_factory=dict)
    buffers: dict[int, Bit] = field(default_factory=dict)
    flops: list[Flop] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    free: set[int] = field(default_factory=set)
    initial: dict[int, str] = field(default_factory=dict)


def read_netlist(document: dict[str, Any], top: str) -> Netlist:
    """Read what Yosys wrote.

    Raises:
        UnsupportedError: there are cells that the model has no meaning for.
    """
    modules = document["modules"]
    module = modules.get(top) or next(iter(modules.values()))
    netlist = Netlist()
    for name, port in module["ports"].items():
        if port["direction"] == "input":
            netlist.inputs[name] = port["bits"]
        elif port["direction"] == "inout":
            raise UnsupportedError(f"port {name} is driven from both sides")
    for name, net in module["netnames"].items():
        if not net.get("hide_name"):
            netlist.names[name] = net["bits"]
        if (init := net.get("attributes", {}).get("init")) is not None:
            for bit, value in zip(net["bits"], reversed(str(init)), strict=False):
                if isinstance(bit, int) and value in "01":
                    netlist.initial[bit] = value
    for name, cell in module["cells"].items():
        _read_cell(netlist, name, cell)
    return netlist


def _read_cell(netlist: Netlist, name: str, cell: dict[str, Any]) -> None:
    kind, pins = cell["type"], cell["connections"]
    if kind in GATES:
        netlist.gates[pins["Y"][0]] = (kind, tuple(pins[name][0] for name in GATES[kind]))
    elif kind in (BUFFER, "$_BUF_", "$buf", "$pos"):
        netlist.buffers.update(zip(pins["Y"], pins["A"], strict=True))
    elif kind in ("$anyseq", "$allseq"):
        netlist.free.update(pins["Y"])
    elif kind == CHECK:
        file, line = _place(cell["attributes"].get("src", ""))
        netlist.checks.append(Check(_path(name), file, line, pins["EN"][0], pins["A"][0]))
    elif kind == "$scopeinfo":
        pass
    elif (flop := _flop(kind, pins)) is not None:
        source = cell["attributes"].get("src", "")
        netlist.flops.append(replace(flop, source=source.partition("|")[0]))
    else:
        raise UnsupportedError(f"the prover knows no cell {kind.strip('$_')}")


_DFF = re.compile(r"\$_DFF_([NP])_")
_ADFF = re.compile(r"\$_DFF_([NP])([NP])([01])_")
_ALDFF = re.compile(r"\$_ALDFF_([NP])([NP])_")
_LATCH = re.compile(r"\$_DLATCH_([NP])_")


def _flop(kind: str, pins: dict[str, list[Bit]]) -> Flop | None:
    def pin(name: str) -> Bit:
        return pins[name][0]

    output = pins["Q"][0] if "Q" in pins else None
    if not isinstance(output, int):
        return None
    if match := _DFF.fullmatch(kind):
        return Flop(output, pin("C"), match[1] == "P", pin("D"))
    if match := _ADFF.fullmatch(kind):
        return Flop(output, pin("C"), match[1] == "P", pin("D"), pin("R"), match[2] == "P", match[3])
    if match := _ALDFF.fullmatch(kind):
        return Flop(output, pin("C"), match[1] == "P", pin("D"), pin("L"), match[2] == "P", pin("AD"))
    if match := _LATCH.fullmatch(kind):
        return Flop(output, None, True, "x", pin("E"), match[1] == "P", pin("D"))
    return None


_FLATTENED = re.compile(r"\$flatten(.*)\.\$[^.$]*(?:\$\d+)?$")
_SOURCE = re.compile(r"^(.*?):(\d+)(?:\.\d+)?(?:-\d+(?:\.\d+)?)?$")


def _path(cell: str) -> str:
    """The instance a cell is in, by the name that flattening gave it."""
    match = _FLATTENED.match(cell)
    return match[1].replace("\\", "") if match else ""


def _place(source: str) -> tuple[str, int]:
    match = _SOURCE.match(source.partition("|")[0])
    return (match[1], int(match[2])) if match else ("", 0)
