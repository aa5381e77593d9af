"""Why a hole has not been hit, for a person who asks about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm4cov_engine.events import Emit, ignore
from llm4cov_engine.process import in_thread
from llm4cov_engine.proof import ledger
from llm4cov_engine.proof.deciding import decide
from llm4cov_engine.proof.evidence import reached
from llm4cov_engine.proof.options import ProofOptions
from llm4cov_engine.proof.reasons import reasons_for
from llm4cov_engine.proof.records import Unreachable, Verdict

if TYPE_CHECKING:
    from llm4cov_engine.coverage.coverage import Coverage
    from llm4cov_engine.coverage.holes import Hole
    from llm4cov_engine.design.design import Design


@dataclass(frozen=True)
class Why:
    """What is known of a hole.

    Attributes:
        words: one line a point, those that say the same taken together.
        verdicts: of every point, in every instance the hole was merged over, as far as there are any.
    """

    words: tuple[str, ...]
    verdicts: tuple[Verdict, ...]


async def why(
    design: Design, hole: Hole, coverage: Coverage, *, seconds: float = 10.0, emit: Emit = ignore
) -> Why:
    """Ask the prover about one hole, unless it has answered before.

    Args:
        coverage: the one the hole is of; its hit points serve as canaries.
        seconds: the prover may take.

    Raises:
        ElaborationError: the design cannot be elaborated.
        ToolError: the prover is not installed.
        StorageError: what was found cannot be kept.
        asyncio.CancelledError: cancelled; no process is left.
    """
    wanted = {(point.metric, point.file, point.line, point.column, point.what) for point in hole.points}
    points = [
        point
        for point in coverage.per_instance
        if not point.hits
        and point.instance in hole.instances
        and (point.metric, point.file, point.line, point.column, point.what) in wanted
    ]
    entry = await in_thread(lambda: ledger.look_up(design))
    open_points = [point for point in points if entry.needs(point.identity, seconds)]
    if open_points:
        asked = (*open_points, *reached(coverage.per_instance))
        verdicts = await decide(design, asked, options=ProofOptions(seconds=seconds), emit=emit)
        # Time that one hole had to itself is not what the others were given.
        entry = await ledger.add(design, verdicts, entry.seconds)
    known = entry.verdicts if not entry.void else {}
    reasons = await in_thread(lambda: reasons_for(design, points, known))
    words = []
    for point in points:
        verdict = known.get(point.identity)
        said = (
            f"unreachable: {verdict.assumption} ({verdict.prover})"
            if isinstance(verdict, Unreachable) and not verdict.needs_still_inputs
            else reasons[point.identity]
        )
        words.append(said)
    return Why(
        tuple(dict.fromkeys([*words, *([entry.void] if entry.void else [])])),
        tuple(known[point.identity] for point in points if point.identity in known),
    )
