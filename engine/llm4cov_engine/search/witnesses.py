"""A model checker's witnesses as programs, to be tried before anything is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llm4cov_engine.proof import ledger
from llm4cov_engine.proof.records import Reachable
from llm4cov_engine.search.setup import LANE
from llm4cov_engine.search.stimulus import Code, Mode, Operation, Program, tidied

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm4cov_engine.coverage.coverage import Coverage
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.proof.records import Cycle, Witness
    from llm4cov_engine.search.setup import Setup

MOST: Final = 40
"""Witnesses tried in a round."""

_LONGEST: Final = 600
"""Cycles of a witness that somebody may still want to read."""


def known_witnesses(design: Design, coverage: Coverage, setup: Setup) -> tuple[Program, ...]:
    """Programs of the witnesses that are known for the points a simulation missed, short ones first.

    Args:
        design: as it was given to the prover.
    """
    entry = ledger.look_up(design)
    missed = {point.identity for point in coverage.per_instance if not point.hits and not point.exclusion}
    found = {
        program_of(verdict.witness, setup): None
        for identity, verdict in entry.verdicts.items()
        if identity in missed and isinstance(verdict, Reachable) and len(verdict.witness.cycles) <= _LONGEST
    }
    return tuple(sorted(found, key=len))[:MOST]


def program_of(witness: Witness, setup: Setup) -> Program:
    """A witness's inputs, cycle by cycle."""
    operations = [Operation(Code.START, value=1)]
    for cycle in witness.cycles:
        operations += _drives(cycle, setup)
        if len(setup.clocks) > 1:
            operations += _clocks(cycle, setup)
        mask = sum(
            1 << number
            for number, (port, active) in enumerate(setup.resets)
            if cycle.inputs.get(port, 1 - active) == active
        )
        operations.append(Operation(Code.RESET, mask, count=1) if mask else Operation(Code.RUN, count=1))
    return _joined(tidied(tuple(operations)))


def _drives(cycle: Cycle, setup: Setup) -> Iterator[Operation]:
    for number, lane in enumerate(setup.lanes):
        if lane.port in cycle.inputs:
            width = setup.ports[setup.number(lane.port)].width
            value = cycle.inputs[lane.port] >> (lane.element * width + lane.word * LANE)
            yield Operation(Code.DRIVE, number, Mode.HOLD, value & ((1 << lane.width) - 1))


def _clocks(cycle: Cycle, setup: Setup) -> Iterator[Operation]:
    ticking = {tick.signal for tick in cycle.ticks}
    for number, clock in enumerate(setup.clocks):
        yield Operation(Code.CLOCK, number, int(clock in ticking))


def _joined(program: Program) -> Program:
    """The same program without settings that change nothing, and with runs in one piece."""
    kept: list[Operation] = []
    last: dict[tuple[Code, int], Operation] = {}
    for each in program:
        if each.code in (Code.DRIVE, Code.CLOCK):
            if last.get((each.code, each.which)) == each:
                continue
            last[each.code, each.which] = each
        previous = kept[-1] if kept else None
        if (
            previous is not None
            and each.code in (Code.RUN, Code.RESET)
            and (previous.code, previous.which) == (each.code, each.which)
        ):
            kept[-1] = Operation(each.code, each.which, count=previous.count + each.count)
        else:
            kept.append(each)
    return tuple(kept)


def with_reset(program: Program, setup: Setup) -> Program:
    """The program after a reset, for where it does not begin at time 0."""
    if not setup.resets:
        return program
    everything = (1 << len(setup.resets)) - 1
    return (program[0], Operation(Code.RESET, everything, count=2), *program[1:])
