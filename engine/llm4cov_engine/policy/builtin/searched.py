"""When the built-in policy searches, and the testbench it makes of what was found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llm4cov_engine.errors import ToolError
from llm4cov_engine.policy.builtin.foreign import read_foreign
from llm4cov_engine.policy.builtin.known import Known, know
from llm4cov_engine.policy.builtin.rewrite import read_written
from llm4cov_engine.search.effort import LATER_WORK
from llm4cov_engine.search.finding import find
from llm4cov_engine.search.glue import NotDrivableError
from llm4cov_engine.search.setup import Setup, find_setup
from llm4cov_engine.search.stimulus import Program
from llm4cov_engine.search.testbench import read_back, testbench_text
from llm4cov_engine.search.witnesses import known_witnesses
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.testbench import Testbench

if TYPE_CHECKING:
    from llm4cov_engine.coverage.coverage import Coverage
    from llm4cov_engine.events import Emit
    from llm4cov_engine.search.effort import Effort
    from llm4cov_engine.simulator.options import SimulatorOptions
    from llm4cov_engine.state import State


@dataclass(frozen=True, slots=True)
class Request:
    """A search that is worth a round.

    Attributes:
        base: programs of the testbench there is, when it is one of a search.
        earlier: that testbench.
        given: programs of witnesses for what it missed.
    """

    known: Known
    setup: Setup
    base: tuple[Program, ...] = ()
    earlier: Testbench | None = None
    given: tuple[Program, ...] = ()


def requested(state: State, seed: int) -> Request | None:
    """What to search from a state; None when phases are the better proposal.

    Raises:
        ElaborationError: the design cannot be elaborated.
    """
    known = know(state.design, may_scale=True)
    setup = find_setup(known.bench, known.elaboration, known.vocabulary)
    if isinstance(setup, str):
        return None
    testbench, feedback = state.testbench, state.feedback
    if testbench is None or feedback is None:
        return Request(known, setup)
    succeeded = feedback.status is Status.SUCCESS and feedback.coverage is not None
    base = read_back(setup, testbench.text)
    if base is not None:
        # One that does not run although its driver ran it is no base for anything.
        if feedback.coverage is None or not succeeded:
            return None
        given = known_witnesses(state.design, feedback.coverage, setup)
        return Request(known, setup, base, testbench, given)
    if read_written(testbench.text) is not None:
        return None
    if succeeded and seed % 3 and read_foreign(testbench, know(state.design, may_scale=False).bench):
        return None
    return Request(known, setup)


async def carry_out(
    request: Request, seed: int, options: SimulatorOptions, effort: Effort, emit: Emit
) -> tuple[Testbench, str] | None:
    """Search, and write the testbench with one line about it; None when phases are worth a try instead.

    Raises:
        StorageError: the cache folder cannot be written.
    """
    known, setup = request.known, request.setup
    if request.base:
        # Whatever comes easily was found by the search before.
        effort = replace(effort, patience=1, work=min(effort.work, LATER_WORK))
    try:
        found = await find(
            known.design,
            setup,
            seed=seed,
            options=options,
            effort=effort,
            emit=emit,
            base=request.base,
            given=request.given,
        )
    except (NotDrivableError, ToolError):
        return None
    if found.coverage is None or not found.trials:
        return None
    new = len(found.trials) - len(request.base)
    if request.earlier is not None and new <= 0:
        # Phases change inputs at other moments: worth a round, once nothing was gained in the one before.
        return None if seed % 2 else (request.earlier, "the same testbench: nothing more was found")
    reach = f"Together they reach {_share(found.coverage)}."
    text = testbench_text(setup, found.trials, seed=seed, reach=reach)
    name = request.earlier.name if request.earlier is not None else known.file_name
    short = " (cut short by the time)" if found.cut_short else ""
    more = f"{new} more" if request.base else f"a search's {new}"
    note = f"{more} trials, {found.cycles} cycles in all, {_share(found.coverage)}{short}"
    return Testbench(name, text), " ".join((note, *known.bench.notes))


def _share(coverage: Coverage) -> str:
    tally = coverage.tally
    return f"{tally.hit} of {tally.total} coverage points"
