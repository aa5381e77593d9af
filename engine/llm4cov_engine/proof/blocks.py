"""Which procedural block of an instrumented design a register or an assertion of its netlist comes from."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llm4cov_engine.proof.instrument import WIRE
from llm4cov_engine.proof.netlist import Bit

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.proof.netlist import Flop, Netlist

Place = tuple[str, int, int]
"""File, line, column."""

Block = tuple[object, ...]
"""Tells one block from others."""


@dataclass
class Blocks:
    """Procedural blocks, and the names of the nets that they share.

    Attributes:
        instances: paths of all instances, from the top's own name on, which is left out.
        starts: by instance, where its clocked blocks begin, and how often: the steps of a generate loop share
            a place.
        settled: by file, first and last line of every block that runs whenever something it reads changes.
        variables: name of each net that has one in the source; None for one that has two in one instance.
    """

    instances: set[str] = field(default_factory=lambda: {""})
    starts: defaultdict[str, Counter[Place]] = field(default_factory=lambda: defaultdict(Counter))
    settled: defaultdict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    variables: dict[Bit, str | None] = field(default_factory=dict)
    _scopes: dict[Bit, set[str]] = field(default_factory=dict)

    def runs_settled(self, file: str, line: int) -> bool:
        """Whether what stands in a line runs when everything it reads has come to rest."""
        return any(first <= line <= last for first, last in self.settled[file])

    def block(self, flop: Flop) -> Block:
        """The block that assigns a register; the register itself where that cannot be told."""
        match = _SOURCE.match(flop.source)
        if match is None:
            return (flop.output,)
        place = (match[1], int(match[2]), int(match[3]))
        owners = [path for path in self._scopes.get(flop.output, ()) if self.starts[path][place]]
        if len(owners) != 1 or self.starts[owners[0]][place] != 1:
            return (flop.output,)
        return (owners[0], *place)

    def name(self, netlist: Netlist) -> None:
        """Take in the names of a netlist."""
        seen: dict[Bit, set[str]] = {}
        for table in (netlist.inputs, netlist.names):
            for name, bits in table.items():
                if WIRE in name or (table is netlist.names and name in netlist.inputs):
                    continue
                scope = self._instance(name)
                for place, bit in enumerate(bits):
                    scopes = seen.setdefault(bit, set())
                    twice = scope in scopes
                    scopes.add(scope)
                    self.variables[bit] = None if twice else self.variables.get(bit, f"{name}[{place}]")
        self._scopes = seen

    def _instance(self, name: str) -> str:
        path = name.rpartition(".")[0]
        while path not in self.instances:
            path = path.rpartition(".")[0]
        return path


_SOURCE = re.compile(r"(.*?):(\d+)\.(\d+)")


def read_blocks(design: Design, netlist: Netlist) -> Blocks:
    """The blocks of an instrumented design.

    Raises:
        ElaborationError: the design cannot be elaborated.
    """
    from pyslang.ast import SymbolKind, VisitAction

    from llm4cov_engine.elaboration.compilation import compiled
    from llm4cov_engine.elaboration.refusal import usable_top

    unit = compiled(design)
    top = usable_top(design, unit)
    found = Blocks()

    # A list of what is to be walked, not a function that calls itself: that would keep what it saw alive.
    waiting: list[tuple[str, Any]] = [("", top.body)]
    for path, body in waiting:
        found.instances.add(path)

        def see(node: Any, path: str = path) -> VisitAction:
            if node.kind == SymbolKind.Instance:
                waiting.append((str(node.hierarchicalPath).partition(".")[2], node.body))
                return VisitAction.Skip
            if node.kind == SymbolKind.GenerateBlock and node.isUninstantiated:
                return VisitAction.Skip
            if node.kind == SymbolKind.ProceduralBlock:
                span = unit.reader.places.span(node.syntax.sourceRange)
                if _is_clocked(node):
                    found.starts[path][(span.file, span.line, span.column)] += 1
                else:
                    found.settled[span.file].append((span.line, span.end_line))
                return VisitAction.Skip
            return VisitAction.Advance

        body.visit(see)
    found.name(netlist)
    return found


def _is_clocked(node: Any) -> bool:
    from pyslang.ast import StatementKind

    body = node.body
    if body.kind != StatementKind.Timed:
        return False
    return "edge" in str(body.timing.syntax)
