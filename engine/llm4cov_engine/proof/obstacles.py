"""What in a design makes the simulator do more than the model allows, so that nothing may be proven there.

The model takes registers to change all at once and combinational logic to settle before anyone looks. Where
the language leaves an order open, or the simulator runs blocks with values in between, more can happen.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llm4cov_engine.coverage.blocks import Place
from llm4cov_engine.elaboration.records import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llm4cov_engine.coverage.point import Point
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.elaboration.spans import Places
    from llm4cov_engine.proof.processes import Process

_HARMLESS = frozenset(
    (
        "$bits", "$clog2", "$countbits", "$countones", "$dimensions", "$display", "$displayb", "$displayh",
        "$error", "$fatal", "$finish", "$fflush", "$high", "$increment", "$info", "$isunknown", "$left",
        "$low", "$monitor", "$onehot", "$onehot0", "$readmemb", "$readmemh", "$right", "$signed", "$size",
        "$stop", "$strobe", "$unpacked_dimensions", "$unsigned", "$warning", "$write", "$writeb", "$writeh",
        "$fwrite",
        "$fdisplay", "$timeformat", "$printtimescale", "$dumpfile", "$dumpvars",
    )
)  # fmt: skip
"""System tasks and functions that do not depend on time or chance, and change nothing the RTL reads."""


@dataclass(frozen=True)
class Obstacles:
    """What stands in the way of proofs.

    Attributes:
        everywhere: why nothing of the design can be proven, one sentence each.
        unsettled: code that the simulator may run with values in between.
        unsettled_signals: where the signals are declared that such code drives.
        has_unknown: an x in the netlist need not be a signal that nothing drives: combinational code of the
            RTL gives x or z, or a register is assigned by its asynchronous reset alone, which the front end
            takes for one that nothing drives.
        calls_at_start: functions or tasks run at time 0, outside of the model.
    """

    everywhere: tuple[str, ...] = ()
    unsettled: tuple[Span, ...] = ()
    unsettled_signals: frozenset[Place] = field(default_factory=frozenset)
    has_unknown: bool = False
    calls_at_start: bool = False

    def against(self, point: Point) -> str:
        """Why a point cannot be proven, in words; "" when it can."""
        if self.everywhere:
            return self.everywhere[0]
        if (point.file, point.line, point.column) in self.unsettled_signals:
            return "blocks feed each other in a ring here: the simulator runs them more than once"
        for span in self.unsettled:
            start, end = (span.line, span.column), (span.end_line, span.end_column)
            if span.file == point.file and start <= (point.line, point.column) < end:
                return "blocks feed each other in a ring here: the simulator runs them more than once"
        return ""


def find_obstacles(design: Design) -> Obstacles:
    """Look for obstacles in a design.

    Raises:
        ElaborationError: the design cannot be elaborated.
    """
    from llm4cov_engine.elaboration.compilation import compiled
    from llm4cov_engine.elaboration.refusal import usable_top
    from llm4cov_engine.proof.processes import read_processes
    from llm4cov_engine.proof.ranges import read_ranges

    unit = compiled(design)
    top = usable_top(design, unit)
    places = unit.reader.places
    processes = read_processes(top)
    everywhere = [
        *_timing(processes, places),
        *_lists(processes, places),
        *_races(processes, places),
        *_oddities(processes, places),
    ]
    everywhere += [
        f"an index is out of range at {span.file}:{span.line}, where the simulator writes elsewhere"
        for span in read_ranges(top, unit.reader).outside
    ]
    ring = _ring(processes)
    driven = {path: process for process in ring for path in process.access.writes}
    if ring and _remembers(processes, driven):
        everywhere.append("blocks feed each other in a ring that registers listen to in between")
    symbols = [process.access.symbols[path] for path, process in driven.items()]
    return Obstacles(
        everywhere=tuple(dict.fromkeys(everywhere)),
        unsettled=tuple(_span(process.node, places) for process in ring if process.node is not None),
        unsettled_signals=frozenset(
            (span.file, span.line, span.column) for span in map(places.name_span, symbols)
        ),
        has_unknown=any(
            process.access.unknown
            for process in processes
            if process.kind not in ("initial", "final") and not process.is_clocked
        )
        or any(_resets_alone(process) for process in processes if process.edges > 1),
        calls_at_start=any(process.access.calls for process in processes if process.kind == "initial"),
    )


def _resets_alone(process: Process) -> bool:
    """Whether a block with an asynchronous reset assigns signals there and nowhere else."""
    from pyslang.ast import StatementKind

    from llm4cov_engine.elaboration.netlist import assigned, statements

    (first, *rest) = statements(process.node.body.stmt) or [None]
    if first is None or rest or first.kind != StatementKind.Conditional:
        return True
    otherwise = assigned(first.ifFalse) if first.ifFalse is not None else {}
    return not assigned(first.ifTrue).keys() <= otherwise.keys()


def _where(node: Any, places: Places) -> str:
    span = _span(node, places)
    return f"{span.file}:{span.line}" if span.file else "a place that has no line"


def _span(node: Any, places: Places) -> Span:
    if (reach := getattr(node, "sourceRange", None)) is not None:
        return places.span(reach)
    syntax = getattr(node, "syntax", None)
    if syntax is not None:
        return places.span(syntax.sourceRange)
    return Span("", 0, 0, 0, 0)


def _timing(processes: Sequence[Process], places: Places) -> Iterable[str]:
    delays: set[str] = set()
    for process in processes:
        for node in process.access.waits:
            yield f"the RTL itself waits at {_where(node, places)}, which the prover leaves out"
        if process.is_clocked:
            delays |= process.access.delays
        elif process.kind == "always" and process.access.delays - {""}:
            yield f"an assignment is delayed at {_where(process.node, places)}"
    if len(delays) > 1:
        yield "some registers change later than others: their assignments have different delays"


def _lists(processes: Sequence[Process], places: Places) -> Iterable[str]:
    for process in processes:
        if process.levels is None:
            continue
        if process.is_clocked:
            yield f"{_where(process.node, places)} waits for edges and for levels"
        own = process.access.writes
        if process.access.reads - process.levels - own:
            yield f"the sensitivity list at {_where(process.node, places)} lacks signals that the block reads"


def _races(processes: Sequence[Process], places: Places) -> Iterable[str]:
    """Clocked blocks that read what another assigns with `=`, or logic that follows it."""
    clocked = [process for process in processes if process.is_clocked]
    readers = _readers([each for each in processes if each.kind != "initial" and not each.is_clocked])
    everything = {path for process in processes for path in process.access.reads}
    for writer in clocked:
        following = {path: path for path in writer.access.blocking & everything}
        pending = list(following)
        while pending:
            path = pending.pop()
            for reader in readers.get(path, ()):
                for other in reader.access.writes - following.keys():
                    following[other] = following[path]
                    pending.append(other)
        for process in clocked if following else ():
            if process is writer:
                continue
            for path in sorted(process.access.reads & following.keys() - process.access.loop):
                source, name = (each.rpartition(".")[2] for each in (following[path], path))
                follows = "" if source == name else f" and {name} follows it, which is"
                yield (
                    f"{source} is assigned with = in one clocked block{follows or ' and'} read in another "
                    f"({_where(process.node, places)}): which comes first is left open"
                )


def _readers(processes: Sequence[Process]) -> dict[str, list[Process]]:
    found: dict[str, list[Process]] = {}
    for process in processes:
        for path in process.access.reads:
            found.setdefault(path, []).append(process)
    return found


def _oddities(processes: Sequence[Process], places: Places) -> Iterable[str]:
    for process in processes:
        for node in process.access.odd:
            yield f"the prover does not understand {_where(node, places)}"
        for name in sorted(process.access.system - _HARMLESS):
            yield f"the RTL calls {name}"


def _ring(processes: Sequence[Process]) -> list[Process]:
    """Combinational processes in a ring, and all that hang on them."""
    combinational = [
        each for each in processes if not each.is_clocked and each.kind not in ("initial", "final")
    ]
    readers: dict[str, list[int]] = {}
    for number, process in enumerate(combinational):
        for path in process.access.reads:
            readers.setdefault(path, []).append(number)
    after = [
        sorted({reader for path in process.access.writes for reader in readers.get(path, ())} - {number})
        for number, process in enumerate(combinational)
    ]
    writers = Counter(path for process in combinational for path in process.access.writes)
    # A vector whose bits several processes drive is one signal to the simulator.
    own = {
        number
        for number, process in enumerate(combinational)
        if any(writers[path] > 1 for path in process.access.reads & process.access.writes)
    }
    found = _on_rings(after) | own
    pending = list(found)
    while pending:
        for reader in after[pending.pop()]:
            if reader not in found:
                found.add(reader)
                pending.append(reader)
    return [combinational[number] for number in sorted(found)]


def _on_rings(after: Sequence[Sequence[int]]) -> set[int]:
    """Nodes of a graph that can come back to themselves (Kosaraju's algorithm, without recursion)."""
    before: list[list[int]] = [[] for _ in after]
    for node, nexts in enumerate(after):
        for other in nexts:
            before[other].append(node)
    order: list[int] = []
    seen: set[int] = set()
    for root in range(len(after)):
        stack = [(root, 0)]
        while stack:
            node, place = stack.pop()
            if place == 0:
                if node in seen:
                    continue
                seen.add(node)
            if place < len(after[node]):
                stack.append((node, place + 1))
                if after[node][place] not in seen:
                    stack.append((after[node][place], 0))
            else:
                order.append(node)
    rings: set[int] = set()
    taken: set[int] = set()
    for root in reversed(order):
        component, stack2 = [], [root]
        while stack2:
            node = stack2.pop()
            if node in taken:
                continue
            taken.add(node)
            component.append(node)
            stack2 += before[node]
        if len(component) > 1:
            rings.update(component)
    return rings


def _remembers(processes: Sequence[Process], driven: dict[str, Process]) -> bool:
    """Whether values in between can be kept: by a latch, or as a clock or an asynchronous reset."""
    for process in processes:
        if process.is_clocked and _event_signals(process) & driven.keys():
            return True
        if process.kind == "always" and not process.is_clocked and process.node is not None:
            name = process.node.procedureKind.name
            if name == "AlwaysLatch" and process.access.reads & driven.keys():
                return True
    return False


def _event_signals(process: Process) -> set[str]:
    from llm4cov_engine.proof.processes import signals_of

    return signals_of(process.node.body.timing)
