"""Where the points of an instrumented design are in its netlist and in its model."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from llm4cov_engine.proof.blocks import read_blocks
from llm4cov_engine.proof.graph import inverted
from llm4cov_engine.proof.instrument import WIRE, Probe, ProbeKind, thing_of

if TYPE_CHECKING:
    from llm4cov_engine.coverage.point import Point
    from llm4cov_engine.proof.blocks import Blocks
    from llm4cov_engine.proof.instrument import Instrumented
    from llm4cov_engine.proof.model import Model
    from llm4cov_engine.proof.netlist import Bit, Check, Netlist

NO_PROBE = "the prover has no way to watch this point"
VANISHED = "the prover's front end left this code out"


class Ground:
    """Where the points of an instrumented design are in its netlist."""

    def __init__(self, netlist: Netlist, instrumented: Instrumented, unknown: bool) -> None:
        self.netlist = netlist
        self.unknown = unknown
        self._design = instrumented.design
        self._blocks: Blocks | None = None
        self._probes = instrumented.probes
        self._places = instrumented.places
        self._checks: defaultdict[tuple[str, int], list[Check]] = defaultdict(list)
        for check_ in netlist.checks:
            self._checks[(check_.file, check_.line)].append(check_)
        self._wires: defaultdict[int, list[tuple[str, Bit]]] = defaultdict(list)
        for name, bits in netlist.names.items():
            path, found, number = name.rpartition(WIRE)
            if found and number.isdecimal():
                self._wires[int(number)].append((path.rstrip("."), bits[0]))

    def blocks(self) -> Blocks:
        """The blocks that the netlist comes from."""
        if self._blocks is None:
            self._blocks = read_blocks(self._design, self.netlist)
        return self._blocks

    def literal(self, model: Model, point: Point) -> int | str:
        """What holds when a point is hit; words where the model has no place for it."""
        probe = self._probes.get(thing_of(point))
        if probe is None:
            return NO_PROBE
        path = point.instance.partition(".")[2]
        literals = (
            self._checked(model, probe, path)
            if probe.kind is ProbeKind.CHECK
            else self._watched(model, probe, path)
        )
        return VANISHED if literals is None else model.graph.any(literals)

    def _checked(self, model: Model, probe: Probe, path: str) -> list[int] | None:
        graph = model.graph
        found = [
            graph.both(
                self._seen(model, each, each.enable), inverted(self._seen(model, each, each.condition))
            )
            for mark in probe.marks
            for each in self._checks.get(self._places[mark], ())
            if _is_at(each.path, path)
        ]
        if not found and probe.instead is not None:
            return self._checked(model, Probe(ProbeKind.CHECK, (probe.instead,)), path)
        return [graph.both(model.counts, each) for each in found] or None

    def _seen(self, model: Model, check_: Check, bit: Bit) -> int:
        """What the block of an assertion sees of a net when it runs."""
        if model.views is None or model.views.blocks.runs_settled(check_.file, check_.line):
            return model.bits[bit]
        return model.views.read((check_.path, check_.file, check_.line), bit)

    def _watched(self, model: Model, probe: Probe, path: str) -> list[int] | None:
        graph = model.graph
        per_mark = []
        for mark in probe.marks:
            bits = [model.bits[bit] for at, bit in self._wires.get(mark, ()) if _is_at(at, path)]
            if not bits:
                return None
            per_mark.append(bits)
        if probe.kind is ProbeKind.HIGH:
            return [graph.both(model.counts, bit) for bit in per_mark[0]]
        if probe.kind is ProbeKind.ARC:
            changes = [
                graph.both(_before(model, old), new)
                for old, new in zip(per_mark[0], per_mark[1], strict=False)
            ]
            return [graph.both(model.counts, change) for change in changes]
        found = []
        for bit in per_mark[0]:
            old = model.previous(bit)
            change = (
                graph.both(bit, inverted(old))
                if probe.kind is ProbeKind.RISE
                else graph.both(inverted(bit), old)
            )
            found.append(graph.both(model.settled, change))
        return found


def _before(model: Model, literal: int) -> int:
    """A literal in the step before; in the first step it may have been anything."""
    return inverted(model.previous(inverted(literal)))


def _is_at(found: str, wanted: str) -> bool:
    """Whether something named by a path is in an instance, generate blocks of it included."""
    return not wanted or found == wanted or found.startswith(f"{wanted}.")
