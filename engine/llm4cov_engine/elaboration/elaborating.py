"""From a design to what elaboration says of it."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from llm4cov_engine.elaboration.clocking import find_clocks_and_resets
from llm4cov_engine.elaboration.compilation import Compiled, compiled
from llm4cov_engine.elaboration.constants import find_constants
from llm4cov_engine.elaboration.hierarchy import read_hierarchy
from llm4cov_engine.elaboration.netlist import read_netlist
from llm4cov_engine.elaboration.ports import read_parameters, read_ports
from llm4cov_engine.elaboration.records import Elaboration
from llm4cov_engine.elaboration.refusal import usable_top
from llm4cov_engine.elaboration.syntax import DeclarationKind, declarations
from llm4cov_engine.elaboration.tracing import Tracer
from llm4cov_engine.elaboration.values import Values

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.elaboration.records import Span

_KEPT = 64
"""Elaborations kept in memory; a benchmark goes through more designs than are worth keeping."""

_cache: OrderedDict[str, Elaboration] = OrderedDict()
_lock = Lock()


def elaborate(design: Design) -> Elaboration:
    """Elaborate a design with its own top, parameters and macros.

    The answer for a design seen before comes from memory.

    Raises:
        ElaborationError: the top is missing or cannot be elaborated; what Verilator may accept all the same
            is among the `problems` instead.
    """
    with _lock:
        if (known := _cache.get(design.digest)) is not None:
            _cache.move_to_end(design.digest)
            return known
    result = _elaborate(design)
    with _lock:
        _cache[design.digest] = result
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)
    return result


def _elaborate(design: Design) -> Elaboration:
    unit = compiled(design)
    top = usable_top(design, unit)
    problems = tuple(unit.reader.problem(each) for each in unit.compilation.getAllDiagnostics())
    places = unit.reader.places
    values = Values(top)
    netlist = read_netlist(top)
    tracer = Tracer(top, netlist, values)
    clocks, resets = find_clocks_and_resets(netlist, tracer, values)
    return Elaboration(
        top=design.top,
        ports=read_ports(top, places),
        parameters=read_parameters(top, places),
        clocks=clocks,
        resets=resets,
        hierarchy=read_hierarchy(top, design.instance, places),
        modules=_modules(unit),
        constants=find_constants(netlist, tracer, values, places),
        problems=problems,
        reads=tuple(dict.fromkeys(name for each in netlist.image_names if (name := values.text(each)))),
    )


def _modules(unit: Compiled) -> dict[str, Span]:
    found: dict[str, Span] = {}
    for each in declarations(unit.tree.root, unit.reader.places):
        if each.kind is DeclarationKind.MODULE:
            found.setdefault(each.name, each.span)
    return found
