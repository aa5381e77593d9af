"""Decides points of a design: unreachable, reachable by these inputs, or nobody knows."""

from __future__ import annotations

import shutil
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.point import Point
from llm4cov_engine.design.design import Design
from llm4cov_engine.events import Emit, Stage, StageName, ignore
from llm4cov_engine.folders import cache_folder
from llm4cov_engine.proof.boxing import Workplace, prover_box
from llm4cov_engine.proof.checking import check, pyosys_folder, synthesise
from llm4cov_engine.proof.facts import facts_of
from llm4cov_engine.proof.graph import FALSE, TRUE
from llm4cov_engine.proof.ground import Ground
from llm4cov_engine.proof.instrument import instrument
from llm4cov_engine.proof.labels import label
from llm4cov_engine.proof.model import Model, build
from llm4cov_engine.proof.netlist import UnsupportedError
from llm4cov_engine.proof.obstacles import Obstacles, find_obstacles
from llm4cov_engine.proof.options import ProofOptions
from llm4cov_engine.proof.records import (
    Assumption,
    Cycle,
    Identity,
    Reachable,
    Undecided,
    Unreachable,
    Verdict,
    Verdicts,
    Witness,
)
from llm4cov_engine.proof.traces import simulated, witness_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from llm4cov_engine.proof.instrument import Instrumented

PROVER = "pdr"
ELABORATION = "elaboration"

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
        box = await prover_box(options.sandbox)
        return await work.decide(Workplace(box, folder, options.memory, pyosys_folder()))
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

    async def decide(self, place: Workplace) -> Verdicts:
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
            return await self._with_model(open_points, canaries, instrumented, obstacles, place)
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
            elif facts.is_zero(point):
                self.verdicts[point.identity] = Unreachable(Assumption.RESET, ELABORATION, 0.0)
        # Every point that was hit is a canary here: it costs nothing.
        dead = await in_thread(lambda: dead_points(self.design, self.hit))
        wrong = (*dead, *(each for each in self.hit if facts.rules_out(each) or facts.is_zero(each)))
        return tuple(point.identity for point in wrong)

    async def _with_model(
        self,
        points: Sequence[Point],
        canaries: Sequence[Point],
        instrumented: Instrumented,
        obstacles: Obstacles,
        place: Workplace,
    ) -> Verdicts:
        from llm4cov_engine.process import in_thread

        netlist = await synthesise(instrumented.design, place, max(1.0, 0.6 * self.left))
        if obstacles.unsettled and any(flop.clock is None for flop in netlist.flops):
            raise UnsupportedError("blocks feed each other in a ring, and latches keep what they see there")
        ground = Ground(netlist, instrumented, obstacles.has_unknown)
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
        proven, traces = await self._search(model, sorted(set(wanted.values())), place)
        violations = await self._canary_violations(model, watched, place)
        if violations:
            return self._void(len(watched), violations)
        settled = await label(
            self.design,
            ground,
            [point for point in points if wanted.get(point.identity) in proven],
            place,
            # What is proven already is worth the time to say how far it holds.
            seconds=max(self.left, 0.4 * self.options.seconds),
        )
        spent = time.monotonic() - self.began
        for identity, literal in wanted.items():
            if literal in proven:
                found = settled[identity]
                self.verdicts[identity] = Unreachable(
                    found.assumption, PROVER, round(spent, 2), found.is_firm, found.needs_still_inputs
                )
            elif literal in traces:
                self.verdicts[identity] = Reachable(traces[literal])
            else:
                reason = _OUT_OF_TIME.format(seconds=self.options.seconds)
                self.verdicts[identity] = Undecided(reason, for_time=True)
        return self._result(len(watched), ())

    async def _search(
        self, model: Model, literals: Sequence[int], place: Workplace
    ) -> tuple[set[int], dict[int, Witness]]:
        """Proven literals, and witnesses for others: each for itself, then together, then with more time."""
        proven = {literal for literal in literals if literal == FALSE}
        # What always holds is reached whatever the inputs are.
        traces = {literal: Witness((Cycle({}),)) for literal in literals if literal == TRUE}
        open_literals = [literal for literal in literals if literal > 1]

        def rest() -> list[int]:
            return [each for each in open_literals if each not in proven and each not in traces]

        until = time.monotonic() + 0.6 * self.left
        share = 0.0
        while rest() and (left := until - time.monotonic()) > 0.1:
            self.emit(Stage(StageName.PROVING, f"{len(rest())} points left"))
            if share == 0.0:
                # Together most are decided at once; what is hard holds the others up.
                answer = await check(model.graph, [rest()], place, min(2.0, left))
                share = _QUICK
                proven |= answer.proven
                traces |= self._witnesses(model, answer.traces)
                continue
            for batch in _batches(rest(), share):
                if (left := until - time.monotonic()) <= 0.1:
                    break
                self.emit(Stage(StageName.PROVING, f"{len(rest())} points left"))
                groups = [[each] for each in batch]
                answer = await check(model.graph, groups, place, min(share, left))
                proven |= answer.proven
                traces |= self._witnesses(model, answer.traces)
            share *= 6
        return proven, traces

    def _witnesses(self, model: Model, traces: Mapping[int, list[str]]) -> dict[int, Witness]:
        found = {}
        for literal, steps in traces.items():
            witness = witness_of(model, literal, steps)
            if witness is not None:
                found[literal] = witness
        return found

    async def _canary_violations(
        self, model: Model, watched: Mapping[Identity, int], place: Workplace
    ) -> tuple[Identity, ...]:
        """Canaries that the prover would have called unreachable."""
        from llm4cov_engine.process import in_thread

        seen = await in_thread(lambda: simulated(model, set(watched.values())))
        rest = sorted({literal for literal in watched.values() if literal > 1} - seen)
        wrong = {literal for literal in watched.values() if literal == FALSE}
        # Each gets a moment, and all together no more than a part of the time.
        until = time.monotonic() + max(1.0, 0.2 * self.options.seconds)
        for batch in _batches(rest, _QUICK):
            if time.monotonic() > until:
                break
            answer = await check(model.graph, [[each] for each in batch], place, _QUICK)
            wrong |= answer.proven
        return tuple(identity for identity, literal in watched.items() if literal in wrong)

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
