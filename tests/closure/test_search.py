"""The search on the real Verilator: what it promises is what a simulation gives."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.events import Event, Stage, ignore
from llm4cov_engine.policy.builtin.known import know
from llm4cov_engine.search import searching
from llm4cov_engine.search.effort import Effort
from llm4cov_engine.search.finding import find
from llm4cov_engine.search.setup import Setup, find_setup
from llm4cov_engine.search.stimulus import Code, Mode, Operation
from llm4cov_engine.search.testbench import read_back
from llm4cov_engine.search.testbench import testbench_text as text_of
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.simulator.options import SimulatorOptions
from llm4cov_engine.simulator.verilator import Verilator
from llm4cov_engine.testbench import Testbench
from tests.closure.rtl import design
from tests.engine.policy.builtin.rtl import EVERY_KIND
from tests.processes import left_by, seen_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.search.searching import Searched
    from llm4cov_engine.search.stimulus import Program

# Points that no stimulus reaches, by line: whatever else is missed, the search should have found.
UNREACHABLE = {
    "async_fifo": set[int](),
    "crc_check": set[int](),
    "dead_branch": {22, 23, 24},
    "divider": set[int](),
    "magic_key": set[int](),
    "one_hot": set[int](),
    "serial_lock": set[int](),
    "small_cpu": set[int](),
    "timer16": set[int](),
    "unlock": {23},
}


def setup_of(subject: Design) -> Setup:
    known = know(subject, may_scale=True)
    setup = find_setup(known.bench, known.elaboration, known.vocabulary)
    assert isinstance(setup, Setup), setup
    return setup


async def searched(
    subject: Design,
    *,
    seed: int = 1,
    base: Sequence[Program] = (),
    given: Sequence[Program] = (),
    work: float = 8.0,
    patience: int = 1,
) -> Searched:
    return await find(
        subject,
        setup_of(subject),
        seed=seed,
        options=SimulatorOptions(),
        effort=Effort(work=work, patience=patience),
        emit=ignore,
        base=base,
        given=given,
    )


@pytest.mark.parametrize("name", sorted(UNREACHABLE))
async def test_it_reaches_what_is_reachable_and_keeps_its_promise(name: str) -> None:
    subject = design(name)
    found = await searched(subject)
    text = text_of(setup_of(subject), found.trials, seed=1, reach="")
    feedback = await Verilator().simulate(subject, Testbench("tb.sv", text))
    assert feedback.status is Status.SUCCESS, feedback.log
    assert feedback.coverage is not None
    assert found.coverage is not None
    assert feedback.coverage.identities == found.coverage.identities
    missed = {point.line for point in feedback.coverage.points if not point.hits}
    assert missed == UNREACHABLE[name]
    assert read_back(setup_of(subject), text) == tuple(trial.program for trial in found.trials)


@pytest.mark.parametrize("kind", ["types", "names", "clocks", "combinational", "no inputs"])
async def test_every_kind_of_port_gets_what_the_driver_gave_it(kind: str) -> None:
    subject = EVERY_KIND[kind]
    found = await searched(subject)
    text = text_of(setup_of(subject), found.trials, seed=1, reach="")
    feedback = await Verilator().simulate(subject, Testbench("tb.sv", text))
    assert feedback.coverage is not None, feedback.log
    assert found.coverage is not None
    assert feedback.coverage.identities == found.coverage.identities


async def test_the_seed_decides_and_the_number_of_cores_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = design("async_fifo")
    first = await searched(subject)
    monkeypatch.setattr(searching, "usable_cores", lambda: 1)
    assert (await searched(subject)).trials == first.trials
    assert (await searched(subject, seed=2)).trials != first.trials


async def test_what_was_found_before_stays_and_more_is_added() -> None:
    subject = design("unlock")
    first = (Operation(Code.START, value=7), Operation(Code.RESET, 1, count=2), Operation(Code.RUN, count=5))
    found = await searched(subject, base=(first,))
    assert found.trials[0].program == first
    assert len(found.trials) > 1
    assert found.coverage is not None
    assert found.coverage.tally.hit == 61


async def test_a_given_program_is_built_on() -> None:
    """A word in forty bits is out of luck's reach, and not among the values of any comparison."""
    subject = EVERY_KIND["plain"].__class__(
        "hidden",
        (
            EVERY_KIND["plain"]
            .sources[0]
            .__class__(
                "hidden.sv",
                "module hidden(input logic clk, input logic [39:0] word, output logic hit);\n"
                "  always_ff @(posedge clk) if ((word ^ (word >> 3)) == 40'h5A_1234_9876) hit <= 1'b1;\n"
                "endmodule\n",
            ),
        ),
        top="hidden",
    )
    word = 0
    for bit in reversed(range(40)):
        word |= ((0x5A12349876 >> bit & 1) ^ (word >> (bit + 3) & 1)) << bit
    witness = (
        Operation(Code.START, value=1),
        Operation(Code.DRIVE, 0, Mode.HOLD, word),
        Operation(Code.RUN, count=1),
    )
    without = await searched(subject, work=4.0)
    found = await searched(subject, given=(witness,), work=4.0)
    assert without.coverage is not None
    assert found.coverage is not None
    hit = {point.what for point in found.coverage.points if point.metric is Metric.BRANCH and point.hits}
    assert "if" in hit
    assert "if" not in {
        point.what for point in without.coverage.points if point.metric is Metric.BRANCH and point.hits
    }


async def test_it_can_be_cancelled_and_leaves_no_process() -> None:
    searching_now = asyncio.Event()

    def note(event: Event) -> None:
        if isinstance(event, Stage) and "generation" in event.detail:
            searching_now.set()

    subject = design("unlock")
    work = asyncio.create_task(
        find(
            subject,
            setup_of(subject),
            seed=1,
            options=SimulatorOptions(),
            effort=Effort(work=1000.0, patience=10_000),
            emit=note,
        )
    )
    await asyncio.wait_for(searching_now.wait(), 120)
    assert await asyncio.to_thread(seen_of, os.getpid())
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert left_by(os.getpid()) == []


async def test_the_budget_ends_it_with_what_it_has() -> None:
    found = await searched(design("unlock"), work=0.1, patience=50)
    assert found.cut_short
    assert found.coverage is not None
    assert found.trials


async def test_what_ends_the_simulation_is_no_part_of_a_trial() -> None:
    source = EVERY_KIND["plain"].sources[0]
    subject = EVERY_KIND["plain"].__class__(
        "touchy",
        (
            source.__class__(
                "touchy.sv",
                "module touchy(input logic clk, input logic [3:0] a, output logic [3:0] q);\n"
                "  always_ff @(posedge clk) begin\n    q <= a;\n"
                '    if (q == 4\'d9) $fatal(1, "not that one");\n'
                "    if (q == 4'd3 && a == 4'd7) $finish;\n  end\nendmodule\n",
            ),
        ),
        top="touchy",
    )
    found = await searched(subject)
    text = text_of(setup_of(subject), found.trials, seed=1, reach="")
    feedback = await Verilator().simulate(subject, Testbench("tb.sv", text))
    assert feedback.status is Status.SUCCESS, feedback.log
    assert found.coverage is not None
    assert feedback.coverage is not None
    assert feedback.coverage.identities == found.coverage.identities
    assert feedback.coverage.score > 0.5


async def test_inputs_that_answer_see_what_a_reset_has_made_of_an_output() -> None:
    source = EVERY_KIND["plain"].sources[0]
    subject = EVERY_KIND["plain"].__class__(
        "asking",
        (
            source.__class__(
                "asking.sv",
                "module asking(input logic clk, input logic rst, input logic ack, output logic req,\n"
                "              output logic [7:0] asked);\n"
                "  assign req = !rst && asked[1:0] != 2'd3;\n"
                "  always_ff @(posedge clk)\n    if (rst) asked <= '0;\n"
                "    else if (ack || !req) asked <= asked + 8'd1;\nendmodule\n",
            ),
        ),
        top="asking",
    )
    program = [Operation(Code.START, value=7), Operation(Code.DRIVE, 0, Mode.UNTIL, 0, 2)]
    for mode in (Mode.UNTIL, Mode.FOLLOW, Mode.LATER):
        program += [Operation(Code.DRIVE, 0, mode, 0, 2), Operation(Code.RUN, count=40)]
        program += [Operation(Code.RESET, 1, count=2), Operation(Code.RUN, count=30)]
    found = await searched(subject, base=(tuple(program),), work=2.0)
    text = text_of(setup_of(subject), found.trials, seed=1, reach="")
    feedback = await Verilator().simulate(subject, Testbench("tb.sv", text))
    assert feedback.coverage is not None, feedback.log
    assert found.coverage is not None
    # Not only whether but how often: one draw too many, and all that comes after is different.
    counts = [
        {point.identity: point.hits for point in each.per_instance if point.metric is Metric.TOGGLE}
        for each in (feedback.coverage, found.coverage)
    ]
    assert counts[0] == counts[1]
