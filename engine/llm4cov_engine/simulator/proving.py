"""A simulator whose answers leave out what is proven unreachable."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.point import Exclusion, ExclusionKind
from llm4cov_engine.errors import ElaborationError, ToolError
from llm4cov_engine.events import Emit, Note, ignore
from llm4cov_engine.permission import Permission
from llm4cov_engine.process import in_thread
from llm4cov_engine.proof import ledger
from llm4cov_engine.proof.deciding import decide
from llm4cov_engine.proof.evidence import reached
from llm4cov_engine.proof.options import ProofOptions
from llm4cov_engine.proof.parameters import as_taken
from llm4cov_engine.proof.reasons import reasons_for
from llm4cov_engine.proof.records import Assumption, Unreachable
from llm4cov_engine.sandbox.finding import AUTO
from llm4cov_engine.screening import screen
from llm4cov_engine.screening.words import code_of
from llm4cov_engine.simulator.feedback import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm4cov_engine.coverage.coverage import Coverage
    from llm4cov_engine.coverage.point import Point
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.proof.ledger import Entry
    from llm4cov_engine.simulator.feedback import Feedback
    from llm4cov_engine.simulator.protocol import Simulator
    from llm4cov_engine.testbench import Testbench

_CLOSE = 0.9
"""A score from which on the points that are left are more likely unreachable than not tried."""

_NO_DELAY = re.compile(r"(?<!#)#\s*\(?\s*0+(?:\.0*)?(?![\d.'_])")

_INTRUSIVE = frozenset((Permission.FORCE, Permission.BIND, Permission.FOREIGN))

_LITTLE = 0.02
"""A gain in score that is too little for the next rounds to bring much."""


@dataclass(frozen=True, slots=True)
class ProvingOptions:
    """What proofs are wanted.

    Attributes:
        accepted: the strongest assumption a proof may rest on.
        seconds: for the points of a design together.
        searches: whether to look for new proofs, when rounds bring little; else known ones are applied.
        at_once: look for them after every simulation that leaves points missed.
        sandbox: the box that the prover runs in; see `find_box`.
        allow: what testbenches may do: proofs do not hold for one that writes inside the DUT.
    """

    accepted: Assumption
    seconds: float = 10.0
    searches: bool = False
    at_once: bool = False
    sandbox: str = AUTO
    allow: frozenset[Permission] = frozenset()


class ProvingSimulator:
    """Asks another simulator, then leaves out of its coverage what is proven unreachable.

    Proofs are kept by the design's content, so that those found once cost nothing. Every simulation is a
    test of them: when it hits a point that is called unreachable, no proof of that design counts any more.
    """

    def __init__(self, simulator: Simulator, options: ProvingOptions) -> None:
        self._simulator = simulator
        self._options = options
        self._best: dict[str, float] = {}

    async def simulate(self, design: Design, testbench: Testbench, emit: Emit = ignore) -> Feedback:
        """See `Simulator.simulate`."""
        feedback = await self._simulator.simulate(design, testbench, emit)
        coverage = feedback.coverage
        if coverage is None or feedback.status is not Status.SUCCESS:
            return feedback
        taken = await in_thread(lambda: as_taken(design, testbench))
        if taken is None:
            note = "The prover cannot give the DUT the parameters of the testbench: no proofs were applied."
            return replace(feedback, notes=(*feedback.notes, note))
        if note := await in_thread(lambda: self._goes_beyond(design, testbench)):
            return replace(feedback, notes=(*feedback.notes, f"{note}: no proofs were applied."))
        design = taken.design
        entry = await in_thread(lambda: ledger.look_up(design))
        entry = await self._tested(design, coverage, entry)
        notes: tuple[str, ...] = ()
        if taken.overrides:
            given = ", ".join(f"{name} = {value}" for name, value in taken.overrides.items())
            notes = (f"Proofs are for the parameters the testbench gives the DUT: {given}.",)
        if self._is_time(design, feedback.score):
            entry, found = await self._extended(design, coverage, entry, emit)
            notes = (*notes, *found)
        if entry.void:
            notes = (*notes, entry.void)
        applied = await in_thread(lambda: self._applied(design, coverage, entry))
        return replace(feedback, coverage=applied, notes=(*feedback.notes, *dict.fromkeys(notes)))

    def _goes_beyond(self, design: Design, testbench: Testbench) -> str:
        """What a testbench may do to the DUT that the prover's model does not allow for; "" for nothing."""
        intrusive = self._options.allow & _INTRUSIVE
        if intrusive and screen(design, testbench, self._options.allow - intrusive):
            return "The testbench may write inside the DUT"
        if _NO_DELAY.search(code_of(testbench.text)):
            # A block that runs twice before its first values arrive may mix them with the second ones.
            return "The testbench waits for #0, by which edges can follow each other in no time"
        return ""

    def _is_time(self, design: Design, score: float) -> bool:
        before = self._best.get(design.digest)
        self._best[design.digest] = max(score, before or 0.0)
        if self._options.at_once:
            return True
        return self._options.searches and (
            score >= _CLOSE or (before is not None and score - before < _LITTLE)
        )

    async def _tested(self, design: Design, coverage: Coverage, entry: Entry) -> Entry:
        """Hold the proofs against what was hit."""
        proofs = entry.proofs
        wrong = [point for point in reached(coverage.per_instance) if point.identity in proofs]
        if not wrong:
            return entry
        point = wrong[0]
        return await ledger.void(
            design,
            f"{point.what} at {point.file}:{point.line} was called unreachable and has been reached, by a "
            "race or by a mistake of the prover: none of the proofs about this design is used.",
        )

    async def _extended(
        self, design: Design, coverage: Coverage, entry: Entry, emit: Emit
    ) -> tuple[Entry, tuple[str, ...]]:
        """What is known after the prover was asked about points that nobody has decided."""
        seconds = self._options.seconds
        open_points = [
            point
            for point in coverage.per_instance
            if not point.hits and point.exclusion is None and entry.needs(point.identity, seconds)
        ]
        if not open_points:
            return entry, ()
        asked = (*open_points, *reached(coverage.per_instance))
        try:
            limits = ProofOptions(seconds=seconds, sandbox=self._options.sandbox)
            verdicts = await decide(design, asked, options=limits, emit=emit)
        except (ToolError, ElaborationError) as error:
            return entry, (f"Nothing was proven: {error.what}",)
        found = sum(isinstance(verdict, Unreachable) for verdict in verdicts.verdicts.values())
        emit(Note(f"{found} of {len(open_points)} points proven unreachable in {verdicts.seconds:.1f} s"))
        return await ledger.add(design, verdicts, seconds), verdicts.notes

    def _applied(self, design: Design, coverage: Coverage, entry: Entry) -> Coverage:
        accepted = self._options.accepted
        exclusions = {
            identity: Exclusion(ExclusionKind.UNREACHABLE, _words(proof, entry.canaries))
            for identity, proof in entry.proofs.items()
            if accepted.accepts(proof.assumption)
        }
        excluded = coverage.excluding(exclusions)
        return _explained(design, excluded, entry)


def _words(proof: Unreachable, canaries: int) -> str:
    tested = f", {canaries} canaries" if proof.prover != "elaboration" else ""
    return f"{proof.prover}: {proof.assumption}{tested}"


def _explained(design: Design, coverage: Coverage, entry: Entry) -> Coverage:
    """The same coverage, with a word for every point that is left."""
    left: Iterable[Point] = (
        point for point in coverage.per_instance if not point.hits and point.exclusion is None
    )
    return coverage.explained(reasons_for(design, list(left), entry.verdicts))
