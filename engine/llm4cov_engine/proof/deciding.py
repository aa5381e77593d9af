"""Decides points of a design: unreachable, reachable by these inputs, or nobody knows."""

from __future__ import annotations

import shutil
import time
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llm4cov_engine.coverage.point import Point
from llm4cov_engine.design.design import Design
from llm4cov_engine.elaboration import elaborate
from llm4cov_engine.events import Emit, Stage, StageName, ignore
from llm4cov_engine.folders import cache_folder
from llm4cov_engine.proof.checking import check, synthesise
from llm4cov_engine.proof.facts import facts_of
from llm4cov_engine.proof.graph import FALSE, Run, inverted
from llm4cov_engine.proof.instrument import WIRE, Probe, ProbeKind, instrument, thing_of
from llm4cov_engine.proof.model import ActiveReset, Model, build
from llm4cov_engine.proof.netlist import UnsupportedError
from llm4cov_engine.proof.obstacles import Obstacles, find_obstacles
from llm4cov_engine.proof.options import ProofOptions
from llm4cov_engine.proof.records import (
    Assumption,
    Cycle,
    Identity,
    Reachable,
    Tick,
    Undecided,
    Unreachable,
    Verdict,
    Verdicts,
    Witness,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from llm4cov_engine.proof.instrument import Instrumented
    from llm4cov_engine.proof.netlist import Check, Netlist

PROVER = "pdr"
ELABORATION = "elaboration"

_NO_PROBE = "the prover has no way to watch this point"
_VANISHED = "the prover's front end left this code out"
_OUT_OF_TIME = "not decided within {seconds:.0f} s"

_QUICK = 0.4
"""Seconds a point gets at first when it is decided for itself: most need less."""

_BATCH = 2.0
"""Seconds after which a run of the model checker ends, so that progress shows and time is kept."""


async def decide(
    design: Design,
    points: Iterable[Point],
    *,
    options: ProofOptions = ProofOptions(),  # noqa: B008 - frozen
    emit: Emit = ignore,
) -> Verdicts:
    """Decide the points of a design that no simulation has hit.

    Args:
        points: of single instances, all of them: those that were hit serve as canaries.

    Returns:
        A verdict for every point that was not hit. None is `Unreachable` when a canary was proven so.

    Raises:
        ElaborationError: the design cannot be elaborated.
        ToolError: the prover is not installed.
        StorageError: its work folder cannot be written.
        asyncio.CancelledError: cancelled; no process is left.
    """
    from llm4cov_engine.process import in_thread

    every = list(points)
    work = _Work(
        design,
        missed=[point for point in every if not point.hits],
        hit=[point for point in every if point.hits],
        canaries=_canaries(every, options.canaries),
        options=options,
        emit=emit,
    )
    folder = cache_folder() / "proofs" / "work" / uuid.uuid4().hex
    try:
        await in_thread(lambda: folder.mkdir(parents=True))
        return await work.decide(folder)
    finally:
        await in_thread(lambda: shutil.rmtree(folder, ignore_errors=True))


def _canaries(points: Sequence[Point], most: int) -> list[Point]:
    """Points that were hit, those next to points that were not first."""
    missed = {(point.file, point.line, point.instance) for point in points if not point.hits}
    hit = [point for point in points if point.hits]
    near = [point for point in hit if (point.file, point.line, point.instance) in missed]
    far = [point for point in hit if (point.file, point.line, point.instance) not in missed]
    half = near[:: max(1, len(near) // max(1, most // 2))][: most // 2]
    rest = most - len(half)
    return [*half, *far[:: max(1, len(far) // max(1, rest))][:rest]]


@dataclass
class _Work:
    """One design's way to verdicts."""

    design: Design
    missed: list[Point]
    hit: list[Point]
    canaries: list[Point]
    options: ProofOptions
    emit: Emit
    began: float = field(default_factory=time.monotonic)
    verdicts: dict[Identity, Verdict] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.options.seconds - (time.monotonic() - self.began)

    async def decide(self, folder: Path) -> Verdicts:
        from llm4cov_engine.process import in_thread

        if not self.missed:
            return Verdicts()
        self.emit(Stage(StageName.PROVING, f"{len(self.missed)} points"))
        obstacles = await in_thread(lambda: find_obstacles(self.design))
        open_points = []
        for point in self.missed:
            if reason := obstacles.against(point):
                self.verdicts[point.identity] = Undecided(reason)
            else:
                open_points.append(point)
        if not open_points:
            return self._result(0, ())
        canaries = [point for point in self.canaries if not obstacles.against(point)]
        if wrong := await self._constant_code(open_points):
            return self._void(len(canaries), wrong)
        open_points = [point for point in open_points if point.identity not in self.verdicts]
        instrumented = await in_thread(
            lambda: instrument(
                self.design, (*open_points, *canaries), with_routines=not obstacles.calls_at_start
            )
        )
        try:
            return await self._with_model(open_points, canaries, instrumented, obstacles, folder)
        except UnsupportedError as error:
            for point in open_points:
                self.verdicts.setdefault(
                    point.identity, Undecided(str(error), for_time="within" in str(error))
                )
            return self._result(0, ())

    async def _constant_code(self, points: Sequence[Point]) -> tuple[Identity, ...]:
        """Take in what elaboration alone decides; returns points that were hit all the same."""
        from llm4cov_engine.process import in_thread
        from llm4cov_engine.proof.dead import dead_points

        for point in await in_thread(lambda: dead_points(self.design, points)):
            self.verdicts[point.identity] = Unreachable(Assumption.ANY, ELABORATION, 0.0)
        facts = await in_thread(lambda: facts_of(self.design))
        for point in points:
            if facts.rules_out(point):
                self.verdicts[point.identity] = Unreachable(Assumption.ANY, ELABORATION, 0.0)
        # Every point that was hit is a canary here: it costs nothing.
        dead = await in_thread(lambda: dead_points(self.design, self.hit))
        wrong = (*dead, *(point for point in self.hit if facts.rules_out(point)))
        return tuple(point.identity for point in wrong)

    async def _with_model(
        self,
        points: Sequence[Point],
        canaries: Sequence[Point],
        instrumented: Instrumented,
        obstacles: Obstacles,
        folder: Path,
    ) -> Verdicts:
        from llm4cov_engine.process import in_thread

        netlist = await synthesise(
            instrumented.design, folder, max(1.0, 0.6 * self.left), self.options.memory
        )
        if obstacles.unsettled and any(flop.clock is None for flop in netlist.flops):
            raise UnsupportedError("blocks feed each other in a ring, and latches keep what they see there")
        ground = _Ground(netlist, instrumented, obstacles.has_unknown)
        model = await in_thread(lambda: build(netlist, Assumption.ZERO, unassigned_is_unknown=ground.unknown))
        wanted: dict[Identity, int] = {}
        for point in points:
            literal = ground.literal(model, point)
            if isinstance(literal, str):
                self.verdicts[point.identity] = Undecided(literal)
            else:
                wanted[point.identity] = literal
        watched = {}
        for point in canaries:
            literal = ground.literal(model, point)
            if isinstance(literal, int):
                watched[point.identity] = literal
        proven, traces = await self._search(model, sorted(set(wanted.values())), folder)
        violations = await self._canary_violations(model, watched, folder)
        if violations:
            return self._void(len(watched), violations)
        assumptions = await self._assumptions(
            ground, [p for p in points if wanted.get(p.identity) in proven], folder
        )
        spent = time.monotonic() - self.began
        for identity, literal in wanted.items():
            if literal in proven:
                self.verdicts[identity] = Unreachable(assumptions[identity], PROVER, round(spent, 2))
            elif literal in traces:
                self.verdicts[identity] = Reachable(traces[literal])
            else:
                reason = _OUT_OF_TIME.format(seconds=self.options.seconds)
                self.verdicts[identity] = Undecided(reason, for_time=True)
        return self._result(len(watched), ())

    async def _search(
        self, model: Model, literals: Sequence[int], folder: Path
    ) -> tuple[set[int], dict[int, Witness]]:
        """Proven literals, and witnesses for others: each for itself, then together, then with more time."""
        proven = {literal for literal in literals if literal == FALSE}
        traces: dict[int, Witness] = {}
        open_literals = [literal for literal in literals if literal > 1]

        def rest() -> list[int]:
            return [each for each in open_literals if each not in proven and each not in traces]

        until = time.monotonic() + 0.6 * self.left
        share = 0.0
        while rest() and (left := until - time.monotonic()) > 0.1:
            self.emit(Stage(StageName.PROVING, f"{len(rest())} points left"))
            if share == 0.0:
                # Together most are decided at once; what is hard holds the others up.
                answer = await check(model.graph, [rest()], folder, min(2.0, left), self.options.memory)
                share = _QUICK
                proven |= answer.proven
                traces |= self._witnesses(model, answer.traces)
                continue
            for batch in _batches(rest(), share):
                if (left := until - time.monotonic()) <= 0.1:
                    break
                self.emit(Stage(StageName.PROVING, f"{len(rest())} points left"))
                groups = [[each] for each in batch]
                answer = await check(model.graph, groups, folder, min(share, left), self.options.memory)
                proven |= answer.proven
                traces |= self._witnesses(model, answer.traces)
            share *= 6
        return proven, traces

    def _witnesses(self, model: Model, traces: Mapping[int, list[str]]) -> dict[int, Witness]:
        found = {}
        for literal, steps in traces.items():
            witness = _witness(model, literal, steps)
            if witness is not None:
                found[literal] = witness
        return found

    async def _canary_violations(
        self, model: Model, watched: Mapping[Identity, int], folder: Path
    ) -> tuple[Identity, ...]:
        """Canaries that the prover would have called unreachable."""
        from llm4cov_engine.process import in_thread

        seen = await in_thread(lambda: _simulated(model, set(watched.values())))
        rest = sorted({literal for literal in watched.values() if literal > 1} - seen)
        wrong = {literal for literal in watched.values() if literal == FALSE}
        # Each gets a moment, and all together no more than a part of the time.
        until = time.monotonic() + max(1.0, 0.2 * self.options.seconds)
        for batch in _batches(rest, _QUICK):
            if time.monotonic() > until:
                break
            answer = await check(model.graph, [[each] for each in batch], folder, _QUICK, self.options.memory)
            wrong |= answer.proven
        return tuple(identity for identity, literal in watched.items() if literal in wrong)

    async def _assumptions(
        self, ground: _Ground, points: Sequence[Point], folder: Path
    ) -> dict[Identity, Assumption]:
        """The weakest assumption under which each proof holds; every one holds for a zero start."""
        from llm4cov_engine.process import in_thread

        found = {point.identity: Assumption.ZERO for point in points}
        resets = [
            ActiveReset(reset.port, reset.active_low)
            for reset in (await in_thread(lambda: elaborate(self.design))).resets
            if not reset.selects
        ]
        for start in (Assumption.ANY, Assumption.RESET):
            model = await in_thread(
                lambda start=start: build(  # type: ignore[misc]
                    ground.netlist, start, resets, unassigned_is_unknown=ground.unknown
                )
            )
            open_points = [point for point in points if found[point.identity] is Assumption.ZERO]
            literals = {}
            for point in open_points:
                literal = ground.literal(model, point)
                if isinstance(literal, int):
                    literals[point.identity] = literal
            proven = await self._all_proven(model, sorted(set(literals.values())), folder)
            found |= {identity: start for identity, literal in literals.items() if literal in proven}
        return found

    async def _all_proven(self, model: Model, literals: Sequence[int], folder: Path) -> set[int]:
        """The literals that are never 1, as far as that is soon found: together, then each for itself."""
        proven = {literal for literal in literals if literal == FALSE}
        traced: set[int] = set()
        rest = [literal for literal in literals if literal > 1]
        for groups in ([rest], *([[each] for each in batch] for batch in _batches(rest, _QUICK))):
            groups = [[each for each in group if each not in proven | traced] for group in groups]
            groups = [group for group in groups if group]
            if groups and self.left > 0.1:
                limit = min(1.0 if groups[0] == rest else _QUICK, self.left)
                answer = await check(model.graph, groups, folder, limit, self.options.memory)
                proven |= answer.proven
                traced |= answer.traces.keys()
        return proven

    def _void(self, canaries: int, violations: tuple[Identity, ...]) -> Verdicts:
        self.notes.append(
            f"The prover called {len(violations)} points unreachable that a simulation has reached; "
            "none of its proofs about this design is used."
        )
        reason = "the prover was wrong about other points of this design"
        for point in self.missed:
            self.verdicts[point.identity] = Undecided(reason)
        return self._result(canaries, violations)

    def _result(self, canaries: int, violations: tuple[Identity, ...]) -> Verdicts:
        spent = round(time.monotonic() - self.began, 2)
        return Verdicts(self.verdicts, canaries, violations, tuple(self.notes), spent)


def _batches(literals: Sequence[int], share: float) -> Iterable[Sequence[int]]:
    size = max(1, int(_BATCH / share))
    return [literals[at : at + size] for at in range(0, len(literals), size)]


class _Ground:
    """Where the points of an instrumented design are in its netlist."""

    def __init__(self, netlist: Netlist, instrumented: Instrumented, unknown: bool) -> None:
        self.netlist = netlist
        self.unknown = unknown
        self._probes = instrumented.probes
        self._places = instrumented.places
        self._checks: defaultdict[tuple[str, int], list[Check]] = defaultdict(list)
        for check_ in netlist.checks:
            self._checks[(check_.file, check_.line)].append(check_)
        self._wires: defaultdict[int, list[tuple[str, Any]]] = defaultdict(list)
        for name, bits in netlist.names.items():
            path, found, number = name.rpartition(WIRE)
            if found and number.isdecimal():
                self._wires[int(number)].append((path.rstrip("."), bits[0]))

    def literal(self, model: Model, point: Point) -> int | str:
        """What holds when a point is hit; words where the model has no place for it."""
        probe = self._probes.get(thing_of(point))
        if probe is None:
            return _NO_PROBE
        path = point.instance.partition(".")[2]
        literals = (
            self._checked(model, probe, path)
            if probe.kind is ProbeKind.CHECK
            else self._watched(model, probe, path)
        )
        return _VANISHED if literals is None else model.graph.any(literals)

    def _checked(self, model: Model, probe: Probe, path: str) -> list[int] | None:
        graph = model.graph
        found = [
            graph.both(model.bits[each.enable], inverted(model.bits[each.condition]))
            for mark in probe.marks
            for each in self._checks.get(self._places[mark], ())
            if _is_at(each.path, path)
        ]
        if not found and probe.instead is not None:
            return self._checked(model, Probe(ProbeKind.CHECK, (probe.instead,)), path)
        return [graph.both(model.counts, each) for each in found] or None

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


def _simulated(model: Model, literals: set[int]) -> set[int]:
    """Literals that random inputs make 1 in the model."""
    import random

    source = random.Random(1)
    width, steps = 128, 96
    run = Run(model.graph, width)
    seen: set[int] = set()
    resets = {node: source.getrandbits(width) for node in model.graph.inputs}
    for _ in range(steps):
        inputs = {
            node: source.getrandbits(width) if source.random() < 0.7 else resets[node]
            for node in model.graph.inputs
        }
        run.step(inputs)
        seen |= {literal for literal in literals - seen if run.value(literal)}
    return seen


def _witness(model: Model, literal: int, steps: Sequence[str]) -> Witness | None:
    """A trace as inputs by port; None when the graph does not follow it."""
    run = Run(model.graph)
    cycles = []
    for step in steps:
        values = {
            node: 1 if value == "1" else 0 for node, value in zip(model.graph.inputs, step, strict=True)
        }
        run.step(values)
        inputs = {
            name: sum(values[node] << place for place, node in enumerate(nodes))
            for name, nodes in model.inputs.items()
        }
        ticks: list[Tick] = [tick for node, tick in model.ticks.items() if values[node]]
        cycles.append(Cycle(inputs, tuple(ticks)))
    return Witness(tuple(cycles)) if cycles and run.value(literal) else None
