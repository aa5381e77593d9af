"""Programs and the testbench made of them, without a simulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm4cov_engine.policy.builtin.known import know
from llm4cov_engine.search.covering import cover
from llm4cov_engine.search.driver import Win
from llm4cov_engine.search.glue import cpp_name
from llm4cov_engine.search.meanings import OF_OUTPUT
from llm4cov_engine.search.searching import Trial
from llm4cov_engine.search.setup import Setup, find_setup
from llm4cov_engine.search.stimulus import Code, Mode, Operation, decoded, encoded, tidied
from llm4cov_engine.search.testbench import read_back
from llm4cov_engine.search.testbench import testbench_text as text_of
from tests.closure.rtl import design
from tests.engine.policy.builtin.rtl import EVERY_KIND

GOLDEN = Path(__file__).parent / "golden"

START = Operation(Code.START, value=0x1234)
RESET = Operation(Code.RESET, 1, count=2)


def drive(lane: int, mode: Mode, value: int = 0, count: int = 0) -> Operation:
    return Operation(Code.DRIVE, lane, mode, value, count)


def run(cycles: int) -> Operation:
    return Operation(Code.RUN, count=cycles)


def setup_of(name: str) -> Setup:
    known = know(design(name), may_scale=True)
    setup = find_setup(known.bench, known.elaboration, known.vocabulary)
    assert isinstance(setup, Setup), setup
    return setup


def test_the_driver_and_we_write_programs_alike() -> None:
    program = (START, drive(0, Mode.BIASED, 0, 200), RESET, run(7))
    assert decoded(iter(encoded(program).split())) == program


def test_tidying_keeps_what_has_an_effect() -> None:
    assert tidied(
        (START, drive(0, Mode.RANDOM), drive(0, Mode.FLIP), run(0), run(3), drive(1, Mode.FLIP))
    ) == (
        START,
        drive(0, Mode.FLIP),
        run(3),
    )
    assert tidied((drive(0, Mode.RANDOM), run(1), drive(0, Mode.RANDOM), run(1))) == (
        drive(0, Mode.RANDOM),
        run(1),
        drive(0, Mode.RANDOM),
        run(1),
    )


def test_few_and_short_programs_cover_everything() -> None:
    long = Win((START, run(10_000)), frozenset({1, 2, 3}))
    short = Win((START, run(10)), frozenset({1, 2}))
    other = Win((START, run(20)), frozenset({2, 3}))
    assert cover([long, short, other], {1, 2, 3}) == [short, other]
    assert cover([long, short], {1, 2, 3, 4}) == [short, long]


@pytest.mark.parametrize(
    ("name", "encoded_name"),
    [("data", "data"), ("a__b", "a___05Fb"), ("my-port", "my__02dport"), ("_x_", "_x_")],
)
def test_names_are_those_of_verilator(name: str, encoded_name: str) -> None:
    assert cpp_name(name) == encoded_name


@pytest.mark.parametrize("kind", ["interface", "bidirectional", "odd"])
def test_what_cannot_be_driven_is_said(kind: str) -> None:
    known = know(EVERY_KIND[kind], may_scale=True)
    assert isinstance(find_setup(known.bench, known.elaboration), str)


def every_mode(setup: Setup) -> list[Trial]:
    program = [START, RESET]
    for number, mode in enumerate(Mode):
        if mode in (Mode.FIELDS, Mode.LISTED, Mode.SEQUENCE) and not setup.lanes[1].values:
            continue
        if mode is Mode.WORDS and not setup.lanes[number % 2].words:
            continue
        if mode is Mode.SCRIPT and not setup.lanes[number % 2].script:
            continue
        output = mode in OF_OUTPUT
        program += [drive(number % 2, mode, 0 if output else 1, 5), run(number + 1)]
    program += [
        Operation(Code.UNTIL, 0, count=9),
        Operation(Code.WAIT, count=8),
        Operation(Code.SEED, value=5),
    ]
    return [Trial((*program, run(1)), ())]


@pytest.mark.parametrize("name", ["async_fifo", "unlock", "magic_key", "small_cpu"])
def test_a_testbench_is_read_back(name: str) -> None:
    setup = setup_of(name)
    trials = every_mode(setup)
    text = text_of(setup, trials, seed=1, reach="")
    again = read_back(setup, text)
    assert again is not None
    assert text_of(setup, [Trial(each, ()) for each in again], seed=1, reach="") == text
    commented = text.replace("  // ---- Trials ----", "  // ---- Trials ----\n  // My own remark.")
    assert read_back(setup, commented) == again
    assert read_back(setup, text.replace("cycles_left--;", "cycles_left--; check();")) is None
    assert read_back(setup, text.replace("    run(1);\n", "    run(one);\n")) is None
    assert read_back(setup, "module hand; endmodule\n") is None


def test_what_a_person_gets_to_read() -> None:
    setup = setup_of("unlock")
    trials = [
        Trial((START, drive(0, Mode.HOLD, 1), drive(1, Mode.SEQUENCE, 0, 1), RESET, run(12)), ()),
        Trial((START, RESET, drive(0, Mode.BIASED, 0, 200), drive(1, Mode.LISTED, 0, 2), run(40)), ()),
    ]
    text = text_of(setup, trials, seed=1, reach="Together they reach 61 of 62 coverage points.")
    golden = GOLDEN / "unlock_tb.sv"
    if not golden.exists():
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text)
        pytest.fail("there was no golden file; look at the one that was written")
    assert text == golden.read_text()
