"""Stimulus programs: what a trial does to the DUT, in the terms the testbench says it in.

The driver (driver/bench.cpp) and the testbench (templates/testbench.sv.j2) carry the same programs out in the
same way, draw for draw.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BUS_PATIENCE: Final = 16
"""Cycles that a step of a register access waits for its answer at most (driver/bench.h)."""


class Mode(IntEnum):
    """How an input gets its next value in each cycle; `value` and `count` are those of the operation.

    Attributes:
        HOLD: the value.
        RANDOM: random bits.
        SLOW: random bits once in `count` cycles on average.
        BIASED: 1 in `count` of 256 cycles.
        SPARSE: a quarter of the bits set; DENSE: three quarters.
        ONE_HOT: one random bit set.
        RAMP: plus the value.
        FLIP: one random bit inverted.
        PULSE: the value in every `count`th cycle, else its complement.
        TOGGLE: inverted every `count` cycles.
        LISTED: once in `count` cycles one of the values the RTL compares with, else random bits.
        SEQUENCE: those values in order, `count` cycles each.
        FIELDS: random bits, once in `count` cycles, half of the fields with a value the RTL compares with.
        SERIAL: frames of a start bit, eight data bits and two stop bits, `count` cycles each.
        FOLLOW: the output number `value`; ANSWER: when that is 1, 1 once in `count` cycles.
        SAME: the input number `value`; NEAR: that, one less or one more.
        UNTIL: 1 once in `count` cycles, and then until the output number `value` is 1.
        WORDS: one of the words the RTL tells apart, of `count` from number `value` on, other bits random.
        LATER: what the output number `value` was `count` cycles ago.
        SCRIPT: from place `value` on, `count` cycles each, parts of what shift registers are compared with.
    """

    HOLD = 0
    RANDOM = 1
    SLOW = 2
    BIASED = 3
    SPARSE = 4
    DENSE = 5
    ONE_HOT = 6
    RAMP = 7
    FLIP = 8
    PULSE = 9
    TOGGLE = 10
    LISTED = 11
    SEQUENCE = 12
    FIELDS = 13
    SERIAL = 14
    FOLLOW = 15
    ANSWER = 16
    SAME = 17
    NEAR = 18
    UNTIL = 19
    WORDS = 20
    LATER = 21
    SCRIPT = 22


class Code(StrEnum):
    """Kinds of operations (driver/program.h)."""

    START = "T"
    DRIVE = "M"
    SEED = "S"
    CLOCK = "C"
    RESET = "R"
    RUN = "G"
    UNTIL = "U"
    WAIT = "W"
    ACCESS = "B"


TIMED: Final = frozenset((Code.RESET, Code.RUN, Code.UNTIL, Code.WAIT))
"""Operations whose `count` is a number of cycles."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of a program; what the numbers mean depends on the code.

    Attributes:
        which: the input, clock, output or bus; for RESET a mask of resets.
        how: the mode; for CLOCK the divisor, 0 to stop it; for ACCESS 1 to write.
        value: the mode's value, a seed, a clock's phase, an address.
        count: the mode's count, cycles, data.
    """

    code: Code
    which: int = 0
    how: int = 0
    value: int = 0
    count: int = 0


Program = tuple[Operation, ...]


def encoded(program: Program) -> str:
    """A program as the driver reads it."""
    words = [str(len(program))]
    words += [f"{each.code} {each.which} {each.how} {each.value} {each.count}" for each in program]
    return " ".join(words)


def decoded(words: Iterator[str]) -> Program:
    """A program as the driver wrote it; takes its words and leaves those behind.

    Raises:
        ValueError, StopIteration: it is none.
    """
    return tuple(
        Operation(Code(next(words)), *(int(next(words)) for _ in range(4))) for _ in range(int(next(words)))
    )


def cycles_of(program: Iterable[Operation]) -> int:
    """Clock cycles of a program, at most."""
    return sum(each.count for each in program if each.code in TIMED)


def tidied(program: Program) -> Program:
    """The same program without settings that are replaced before any time passes, and runs in one piece."""
    kept: list[Operation] = []
    later: set[tuple[Code, int]] = set()
    for each in reversed(program):
        key = (each.code, each.which if each.code in (Code.DRIVE, Code.CLOCK) else 0)
        if each.code in (Code.DRIVE, Code.CLOCK, Code.SEED):
            if key in later:
                continue
            later.add(key)
        elif each.code in TIMED or each.code is Code.ACCESS:
            if each.code in TIMED and not each.count:
                continue
            later.clear()
        elif each.code is Code.START:
            later.clear()
        kept.append(each)
    while kept and kept[0].code not in TIMED and kept[0].code is not Code.ACCESS:
        del kept[0]
    return _joined(reversed(kept))


def _joined(operations: Iterable[Operation]) -> Program:
    """The operations with runs that follow each other in one piece."""
    kept: list[Operation] = []
    for each in operations:
        if kept and kept[-1].code is each.code is Code.RUN:
            kept[-1] = replace(each, count=kept[-1].count + each.count)
        else:
            kept.append(each)
    return tuple(kept)


def shortened(program: Program, index: int, cycles: int) -> Program:
    """A program that ends some cycles into one of its operations."""
    operation = program[index]
    if operation.code in TIMED and operation.code is not Code.RESET:
        return (*program[:index], replace(operation, count=min(cycles, operation.count)))
    return program[: index + 1]
