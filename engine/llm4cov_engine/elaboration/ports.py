"""Ports and parameters of the top as a testbench must write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyslang.ast import ArgumentDirection, SymbolKind

from llm4cov_engine.elaboration.records import Direction, Parameter, Port

if TYPE_CHECKING:
    from pyslang.ast import InstanceSymbol

    from llm4cov_engine.elaboration.spans import Places

_DIRECTIONS = {
    ArgumentDirection.In: Direction.INPUT,
    ArgumentDirection.Out: Direction.OUTPUT,
    ArgumentDirection.InOut: Direction.INOUT,
    ArgumentDirection.Ref: Direction.REF,
}


def read_ports(top: InstanceSymbol, places: Places) -> tuple[Port, ...]:
    """Ports in declaration order; a port without a name, which nothing can connect by name, is left out."""
    ports = (_port(symbol, places) for symbol in top.body.portList)
    return tuple(port for port in ports if port.name)


def _port(symbol: Any, places: Places) -> Port:
    span = places.name_span(symbol)
    if symbol.kind == SymbolKind.InterfacePort:
        definition = symbol.interfaceDef
        return Port(
            name=symbol.name,
            direction=Direction.INTERFACE,
            type="",
            width=0,
            signed=False,
            span=span,
            unpacked=tuple((each.left, each.right) for each in symbol.declaredRange or ()),
            interface=definition.name if definition is not None else "",
            modport=symbol.modport,
        )
    kind, unpacked = symbol.type, []
    while kind.canonicalType.kind == SymbolKind.FixedSizeUnpackedArrayType:
        kind = kind.canonicalType
        unpacked.append((kind.range.left, kind.range.right))
        kind = kind.elementType
    return Port(
        name=symbol.name,
        direction=_DIRECTIONS[symbol.direction],
        type=type_text(kind),
        width=width_of(kind),
        signed=kind.isSigned,
        span=span,
        unpacked=tuple(unpacked),
    )


def width_of(kind: Any) -> int:
    """Bits of a type; of an unpacked struct, the sum of its members'; 0 where bits mean nothing."""
    return int(kind.bitWidth or kind.bitstreamWidth)


def type_text(kind: Any) -> str:
    """A type as a testbench can write it.

    A type from a package keeps its name. One that only the module or the compilation unit knows becomes the
    equivalent packed vector, except that an unpacked struct, which has none, is written out.
    """
    if kind.kind == SymbolKind.TypeAlias:
        package = _package(kind)
        return f"{package}::{kind.name}" if package else type_text(kind.targetType.type)
    if kind.kind == SymbolKind.PackedArrayType:
        dimensions = f"[{kind.range.left}:{kind.range.right}]"
        element = kind.elementType
        if element.kind == SymbolKind.ScalarType:
            sign = " signed" if kind.isSigned else ""
            return f"{_base(kind)}{sign}{dimensions}"
        inner = type_text(element)
        # The outer dimension comes first: logic[3:0] seen twice is logic[1:0][3:0].
        head, bracket, rest = inner.partition("[")
        return f"{head}{dimensions}{bracket}{rest}"
    if kind.kind == SymbolKind.ScalarType:
        return f"{_base(kind)} signed" if kind.isSigned else _base(kind)
    if kind.kind in (SymbolKind.PredefinedIntegerType, SymbolKind.FloatingType, SymbolKind.StringType):
        return str(kind)
    if kind.isIntegral:
        sign = " signed" if kind.isSigned else ""
        return f"{_base(kind)}{sign}[{kind.bitWidth - 1}:0]"
    return str(kind)


def _base(kind: Any) -> str:
    return "logic" if kind.isFourState else "bit"


def _package(alias: Any) -> str:
    """Name of the package a typedef stands in, "" for any other place."""
    package, colons, name = str(alias.hierarchicalPath).rpartition("::")
    known = bool(colons) and alias.parentScope.compilation.getPackage(package) is not None
    return package if known and name == alias.name else ""


def read_parameters(top: InstanceSymbol, places: Places) -> tuple[Parameter, ...]:
    """Parameters in declaration order, type parameters included."""
    return tuple(
        Parameter(
            name=symbol.name,
            type="type" if symbol.kind == SymbolKind.TypeParameter else str(symbol.type),
            value=type_text(symbol.targetType.type)
            if symbol.kind == SymbolKind.TypeParameter
            else str(symbol.value),
            is_local=symbol.isLocalParam,
            span=places.name_span(symbol),
        )
        for symbol in top.body.parameters
    )
