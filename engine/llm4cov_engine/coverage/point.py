"""A coverage point: the smallest thing a simulation can hit or miss."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

# Verilator names a module with overridden parameters "fifo__W4_D8" or, past a length, "fifo__pi3"; and a
# module that sets parameters below it with `defparam` "top___Vdefparamh0123abcd".
_SUFFIX = re.compile(r"(?:___Vdefparam\w*|__(?:pi\d+|[A-Z]+[0-9a-z]\w*))$")


def without_suffix(module: str) -> str:
    """A module's name as the source has it, from the name the simulator gives to a parameterisation."""
    return _SUFFIX.sub("", module)


class Metric(StrEnum):
    """Kinds of coverage, named as in the JSON of `llm4cov run`; the order is the order of reports."""

    LINE = "line"
    BRANCH = "branch"
    EXPRESSION = "expression"
    TOGGLE = "toggle"
    FSM_STATE = "fsm_state"
    FSM_ARC = "fsm_arc"
    USER = "user"


class ExclusionKind(StrEnum):
    """Why a point is out of the denominator."""

    UNREACHABLE = "unreachable"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A point's leave to stay uncovered, with the reason that reports show."""

    kind: ExclusionKind
    reason: str


@dataclass(frozen=True, slots=True)
class Point:
    """One coverage point of the DUT.

    Attributes:
        file: source file, relative to the design's root.
        line: counts from 1.
        column: counts from 1.
        module: the module as the simulator names it, parameter suffix included ("fifo__W4").
        instances: paths from the DUT instance on ("dut.u_ctrl"); one for a point as read, several for a
            point merged over the instances of a module.
        what: the simulator's own word for it: "else", "(wr==1 && full==0) => 1", "din[7]:0->1".
        lines: source lines the point stands for ("7,10-12"); "" where the simulator gives none.
        hits: how often; only zero or not is exact.
        exclusion: set when the point left the denominator.
        because: why it was not hit, in words, as far as anything is known; "" for nothing.
    """

    metric: Metric
    file: str
    line: int
    column: int
    module: str
    instances: tuple[str, ...]
    what: str
    lines: str = ""
    hits: int = 0
    exclusion: Exclusion | None = None
    because: str = ""

    @property
    def instance(self) -> str:
        """The (first) instance the point belongs to."""
        return self.instances[0]

    @property
    def module_name(self) -> str:
        """The module's name as the source has it, for people."""
        return without_suffix(self.module)

    @property
    def identity(self) -> tuple[str, ...]:
        """What stays the same from build to build: where the point is and what it is, not its counts.

        The module's name is no part of it, because parameter suffixes differ between builds.
        """
        return (self.metric, self.file, str(self.line), str(self.column), self.what, *self.instances)
