"""Ports of the DUT that are no vectors, interfaces and unpacked structs, and what to drive of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llm4cov_engine.elaboration.compilation import compiled

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design

_CLOCK = re.compile(r"clk|clock|ck$", re.IGNORECASE)
_RESET = re.compile(r"rst|reset", re.IGNORECASE)
_ACTIVE_LOW = re.compile(r"(_n|_b|_ni|_l|n)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Member:
    """A signal of an interface, or one of its own ports."""

    name: str
    type: str
    width: int

    @property
    def is_clock(self) -> bool:
        """Whether its name is a clock's: an interface's own ports are not traced to flip-flops."""
        return self.width == 1 and _CLOCK.search(self.name) is not None

    @property
    def is_reset(self) -> bool:
        """Whether its name is a reset's."""
        return self.width == 1 and _RESET.search(self.name) is not None

    @property
    def is_active_low(self) -> bool:
        """For a reset: whether its name says that it resets on 0."""
        return _ACTIVE_LOW.search(self.name) is not None


@dataclass(frozen=True, slots=True)
class InterfacePort:
    """An interface port of the top.

    Attributes:
        definition: the interface's name.
        dimensions: of an array of interfaces, as text; "" for a single one.
        inputs: the interface's own input ports.
        driven: variables the DUT reads through its modport.
        watched: variables the DUT writes through its modport.
    """

    name: str
    definition: str
    dimensions: str
    inputs: tuple[Member, ...]
    driven: tuple[Member, ...]
    watched: tuple[Member, ...]


def read_interfaces(design: Design) -> tuple[InterfacePort, ...]:
    """The interface ports of the top, in declaration order."""
    top: Any = compiled(design).top
    if top is None:
        return ()
    return tuple(
        _read(port) for port in top.body.portList if port.kind.name == "InterfacePort" and port.interfaceDef
    )


def read_structs(design: Design) -> dict[str, tuple[Member, ...]]:
    """Ports of the top that are no vectors, with the fields a vector can be assigned to.

    Returns:
        Port to fields: of an unpacked struct the packed ones; () for a string or an array of structs.
    """
    top: Any = compiled(design).top
    if top is None:
        return {}
    found: dict[str, tuple[Member, ...]] = {}
    for port in top.body.portList:
        if port.kind.name != "Port" or port.direction.name not in ("In", "Out"):
            continue
        element = port.type
        while element.isUnpackedArray:
            element = element.elementType
        if element.isIntegral or element.isFloating:
            continue
        fields = element.canonicalType if port.type.isUnpackedStruct else ()
        found[port.name] = tuple(
            _member(field) for field in fields if field.kind.name == "Field" and field.type.isIntegral
        )
    return found


def _read(port: Any) -> InterfacePort:
    instance, modport = port.connection
    dimensions = "".join(f" [{each.left}:{each.right}]" for each in port.declaredRange or ())
    empty = InterfacePort(port.name, port.interfaceDef.name, dimensions, (), (), ())
    if dimensions or instance is None or instance.kind.name != "Instance":
        return empty
    own = {each.name: _member(each) for each in instance.body.portList if each.kind.name == "Port"}
    directions = {each.name: each.direction.name for each in modport} if modport is not None else {}
    variables = [
        _member(each)
        for each in instance.body
        if each.kind.name == "Variable" and each.name not in own and each.type.isIntegral
    ]
    return InterfacePort(
        port.name,
        port.interfaceDef.name,
        "",
        tuple(own.values()),
        tuple(each for each in variables if directions.get(each.name) == "In"),
        tuple(each for each in variables if directions.get(each.name) == "Out"),
    )


def _member(symbol: Any) -> Member:
    return Member(symbol.name, str(symbol.type), int(symbol.type.bitWidth))
