"""The built-in coverage-directed policy: no model, no network."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.point import Exclusion, ExclusionKind
from llm4cov_engine.events import Emit, ignore
from llm4cov_engine.policy.builtin.aim import further
from llm4cov_engine.policy.builtin.foreign import SCOPE, read_foreign
from llm4cov_engine.policy.builtin.known import Known, know
from llm4cov_engine.policy.builtin.plan import Phase, first_cycles, opening
from llm4cov_engine.policy.builtin.render import phase_calls, phase_tasks, testbench_text
from llm4cov_engine.policy.builtin.rewrite import Written, last_begun, read_written
from llm4cov_engine.process import in_thread
from llm4cov_engine.search.effort import Effort
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.simulator.options import SimulatorOptions
from llm4cov_engine.state import Author, Proposal
from llm4cov_engine.testbench import Testbench

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.coverage.coverage import Coverage
    from llm4cov_engine.coverage.holes import Hole
    from llm4cov_engine.policy.builtin.bench import Bench
    from llm4cov_engine.simulator.feedback import Feedback
    from llm4cov_engine.state import State

MOST_CYCLES = 6
"""All rounds together simulate at most this many times the cycles of the first."""

SLOW_SECONDS = 10.0
"""A testbench that simulates longer than this is extended by little."""

_EFFORT = Effort()


class BuiltinPolicy:
    """Searches stimulus on the verilated DUT and writes what it found as a testbench.

    Where a DUT cannot be driven that way (interfaces, bidirectional ports), and at the end of other people's
    testbenches, it writes phases of constrained random stimulus instead, from the RTL's ports and constants.

    Memoryless: what earlier rounds did stands in the testbench's own text. Trials and phases are only ever
    added at the end, so that coverage never falls.

    Args:
        holes: what to aim at; () for everything that was missed.
        options: how the search's own simulations are built.
        effort: how much a search may do; None to search nothing and write phases only.
        budget_seconds: for everything from the first proposal on, simulations and proofs between included; a
            search takes half of what is left.

    Attributes:
        name: "builtin".
    """

    name = "builtin"

    def __init__(
        self,
        *,
        holes: Sequence[Hole] = (),
        options: SimulatorOptions | None = None,
        effort: Effort | None = _EFFORT,
        budget_seconds: float | None = None,
    ) -> None:
        self._holes = tuple(holes)
        self._options = options or SimulatorOptions()
        self._effort = effort
        self._budget = budget_seconds
        self._end: float | None = None

    async def propose(self, state: State, *, seed: int, emit: Emit = ignore) -> Proposal:
        """Propose a first testbench, or a longer, or (after a failed run) a safer one.

        Deterministic: the same state and seed give the same testbench, unless the search's time runs out.

        Raises:
            ElaborationError: the design cannot be elaborated.
        """
        # What searches stands on modules of this package.
        from llm4cov_engine.policy.builtin.searched import carry_out, requested

        state = _pointed(state, self._holes)
        effort = self._bounded_effort()
        if effort is not None and (request := await in_thread(lambda: requested(state, seed))):
            searched = await carry_out(request, seed, self._options, effort, emit)
            if searched is not None:
                testbench, note = searched
                return Proposal(testbench, Author.BUILTIN, policy=self.name, note=note, seed=seed)
        testbench, note = await in_thread(lambda: _propose(state, seed))
        return Proposal(testbench, Author.BUILTIN, policy=self.name, note=note, seed=seed)

    def _bounded_effort(self) -> Effort | None:
        """The effort within what is left of the budget."""
        if self._effort is None or self._budget is None:
            return self._effort
        now = time.monotonic()
        if self._end is None:
            self._end = now + self._budget
        left = max(1.0, 0.5 * (self._end - now))
        return replace(self._effort, seconds=min(left, self._effort.seconds or left))


def _pointed(state: State, holes: Sequence[Hole]) -> State:
    """The state as if nothing but some holes were missed."""
    if not holes or state.feedback is None or state.feedback.coverage is None:
        return state
    wanted = {
        (*point.identity[:5], path) for hole in holes for point in hole.points for path in point.instances
    }
    aside = Exclusion(ExclusionKind.WAIVED, "not asked for")
    coverage = state.feedback.coverage
    others = {
        point.identity: aside
        for point in coverage.per_instance
        if not point.hits and (*point.identity[:5], point.instance) not in wanted
    }
    return replace(state, feedback=replace(state.feedback, coverage=coverage.excluding(others)))


def _propose(state: State, seed: int) -> tuple[Testbench, str]:
    """The testbench and one line about what it tries."""
    design, feedback = state.design, state.feedback
    testbench = state.testbench
    if testbench is None or feedback is None:
        return _fresh(know(design, may_scale=True), seed, "")
    written = read_written(testbench.text)
    is_added = written is not None and f" : {SCOPE}\n" in testbench.text
    succeeded = feedback.status is Status.SUCCESS and feedback.coverage is not None
    known = know(design, may_scale=written is not None and not is_added)
    if is_added and (foreign := read_foreign(testbench, known.bench)) is not None:
        # An earlier round added to somebody else's testbench: its names are the ones to go on with.
        known = replace(known, bench=foreign.bench)
    if written is not None and succeeded:
        text, note = _extended(known, written, feedback, seed)
    elif written is not None and feedback.status.goodness >= Status.RUNTIME_FAILED.goodness:
        text, note = _shortened(known, written, feedback)
    elif succeeded:
        return _beside(known, testbench, feedback, seed)
    else:
        return _fresh(know(design, may_scale=True), seed, "the one there is does not run; ")
    return Testbench(testbench.name, text), note


def _fresh(known: Known, seed: int, why: str) -> tuple[Testbench, str]:
    """A first testbench."""
    phases = opening(known.bench, seed, first_cycles(known.bench))
    text = testbench_text(known.bench, phases, seed)
    total = sum(phase.cycles for phase in phases)
    note = f"{why}a new testbench of {len(phases)} phases, {total} cycles"
    return Testbench(known.file_name, text), " ".join((note, *known.bench.notes))


def _extended(known: Known, written: Written, feedback: Feedback, seed: int) -> tuple[str, str]:
    """More phases after those of an earlier round."""
    first = first_cycles(known.bench)
    room = MOST_CYCLES * first - written.cycles
    slow = feedback.seconds.simulate > SLOW_SECONDS
    cycles = first // 8 if slow else max(first // 8, min(2 * first, room))
    phases = _further(known, feedback, seed, first=written.next_number, cycles=cycles)
    prefix = f"{SCOPE}." if f" : {SCOPE}\n" in written.text else ""
    text = written.extended(phase_tasks(known.bench, phases), phase_calls(phases, prefix))
    aimed = sum(phase.purpose.startswith("aims") for phase in phases)
    return text, f"{len(phases)} more phases, {aimed} of them aimed at holes"


def _shortened(known: Known, written: Written, feedback: Feedback) -> tuple[str, str]:
    """Only what ran before the failure."""
    number, began = last_begun(feedback.log)
    cycles = 0
    if feedback.status is Status.RUNTIME_FAILED and feedback.coverage is not None:
        # A margin of cycles keeps clear of the one that failed.
        cycles = _cycles_run(known.bench, feedback.coverage) - began - 3
    text = written.cut(number, cycles)
    return text, f"the same until shortly before the failure in phase {number}"


def _cycles_run(bench: Bench, coverage: Coverage) -> int:
    """How many cycles of the main clock a simulation saw, by how often its port rose; 0 when not known."""
    if not bench.clocks:
        return 0
    rising = f"{bench.clocks[0].port}:0->1"
    return max(
        (p.hits for p in coverage.per_instance if p.what == rising and "." not in p.instance), default=0
    )


def _beside(known: Known, testbench: Testbench, feedback: Feedback, seed: int) -> tuple[Testbench, str]:
    """Phases at the end of somebody else's testbench; every third seed tries one of its own instead."""
    foreign = read_foreign(testbench, known.bench) if seed % 3 else None
    if foreign is None:
        why = "nothing can be added to the one there is; " if seed % 3 else ""
        return _fresh(know(known.design, may_scale=True), seed, why)
    seen = replace(known, bench=foreign.bench)
    phases = _further(seen, feedback, seed, first=1, cycles=2 * first_cycles(foreign.bench))
    note = f"{len(phases)} phases added to the one there is"
    return Testbench(testbench.name, foreign.extended(phases)), note


def _further(known: Known, feedback: Feedback, seed: int, *, first: int, cycles: int) -> tuple[Phase, ...]:
    """Phases toward what a successful run missed."""
    assert feedback.coverage is not None
    return further(
        known.bench, known.design, feedback.coverage, known.comparisons, seed=seed, first=first, cycles=cycles
    )
