"""Witnesses of a model checker as programs."""

from __future__ import annotations

from llm4cov_engine.elaboration.records import Edge
from llm4cov_engine.policy.builtin.known import know
from llm4cov_engine.proof.records import Cycle, Tick, Witness
from llm4cov_engine.search.setup import Setup, find_setup
from llm4cov_engine.search.stimulus import Code, Mode, Operation
from llm4cov_engine.search.witnesses import program_of, with_reset
from tests.closure.rtl import design


def setup_of(name: str) -> Setup:
    known = know(design(name), may_scale=True)
    setup = find_setup(known.bench, known.elaboration)
    assert isinstance(setup, Setup), setup
    return setup


def hold(lane: int, value: int) -> Operation:
    return Operation(Code.DRIVE, lane, Mode.HOLD, value)


def test_inputs_are_held_until_they_change() -> None:
    rise = (Tick("clk", Edge.POSEDGE),)
    witness = Witness(
        (
            Cycle({"rst": 1, "write": 0, "data": 0}, rise),
            Cycle({"rst": 0, "write": 1, "data": 0xA5A5}, rise),
            Cycle({"rst": 0, "write": 1, "data": 0x5A5A}, rise),
            Cycle({"rst": 0, "write": 1, "data": 0x5A5A}, rise),
        )
    )
    setup = setup_of("unlock")
    program = program_of(witness, setup)
    assert program == (
        Operation(Code.START, value=1),
        hold(0, 0),
        hold(1, 0),
        Operation(Code.RESET, 1, count=1),
        hold(0, 1),
        hold(1, 0xA5A5),
        Operation(Code.RUN, count=1),
        hold(1, 0x5A5A),
        Operation(Code.RUN, count=2),
    )
    assert with_reset(program, setup)[:2] == (program[0], Operation(Code.RESET, 1, count=2))


def test_clocks_that_do_not_tick_are_stopped() -> None:
    setup = setup_of("async_fifo")
    ports = setup.clocks
    witness = Witness(
        (Cycle({"wr_en": 1}, (Tick(ports[0], Edge.POSEDGE),)), Cycle({}, (Tick(ports[1], Edge.POSEDGE),)))
    )
    clocks = [each for each in program_of(witness, setup) if each.code is Code.CLOCK]
    assert [(each.which, each.how) for each in clocks] == [(0, 1), (1, 0), (0, 0), (1, 1)]
