"""What a model checker says of coverage points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from llm4cov_engine.elaboration.records import Edge

Identity = tuple[str, ...]
"""`Point.identity` of a point of one instance."""


class Assumption(StrEnum):
    """What a proof takes for granted about the start of the design, the weakest first.

    Every proof holds for the start that Verilator makes, so that no simulation can reach the point; what a
    proof holds for beyond that says how much it means for the hardware.
    """

    ANY = "any initial state"
    """Registers may start with any value."""
    RESET = "after reset"
    """Registers start as the RTL initialises them, all others with any value; then comes a reset."""
    ZERO = "zero start only"
    """Registers start as the RTL initialises them, all others with 0, as in Verilator."""

    def accepts(self, other: Assumption) -> bool:
        """Whether who accepts this assumption accepts the other: a weaker one always will do."""
        order = list(Assumption)
        return order.index(other) <= order.index(self)


@dataclass(frozen=True, slots=True)
class Tick:
    """An edge of a clock or of an asynchronous reset.

    Attributes:
        signal: the input port, or the path of a signal inside the design ("u_div.clk2") that clocks
            registers: such an edge cannot be made by a testbench, it has to follow from the others.
        is_port: whether a testbench can make the edge.
    """

    signal: str
    edge: Edge
    is_port: bool = True


@dataclass(frozen=True, slots=True)
class Cycle:
    """One step of a witness: inputs take their values, then the edges happen, all at once.

    Attributes:
        inputs: value of every input port that matters, an unsigned integer of the port's width. A port that
            is left out may be anything. A clock's own level is among them only where the RTL reads it.
        ticks: edges in this step; several clocks may tick together, and none may.
    """

    inputs: Mapping[str, int]
    ticks: tuple[Tick, ...] = ()


@dataclass(frozen=True, slots=True)
class Witness:
    """Inputs that lead the model of the design from a zero start to a point.

    The point is reached in the last cycle: by the values of its inputs for what is combinational, by one of
    its ticks for what stands in a clocked block. A witness counts only after replay in a simulator: clocks
    made inside the design tick freely in the model, and unknown values are taken as any value.

    Attributes:
        cycles: at least one.
    """

    cycles: tuple[Cycle, ...]


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No testbench can reach the point.

    Attributes:
        prover: name and version ("pdr of abc, pyosys 0.70").
        seconds: wall-clock seconds in which it was decided, together with the design's other points.
        is_firm: whether weaker assumptions are known not to do; else time was up before that was clear.
        needs_still_inputs: it is shown only for inputs that do not change while clocked blocks run, so that a
            testbench which races with the DUT might reach the point. Such a point is never excluded.
    """

    assumption: Assumption
    prover: str
    seconds: float
    is_firm: bool = True
    needs_still_inputs: bool = False


@dataclass(frozen=True, slots=True)
class Reachable:
    """The model reaches the point; `witness` says how."""

    witness: Witness


@dataclass(frozen=True, slots=True)
class Undecided:
    """Nothing is known.

    Attributes:
        reason: in a person's words ("not decided within 10 s").
        for_time: whether more time might decide it.
    """

    reason: str
    for_time: bool = False


Verdict = Unreachable | Reachable | Undecided


@dataclass(frozen=True)
class Verdicts:
    """What is known of the points of a design.

    Attributes:
        verdicts: by the identity of a point of one instance.
        canaries: how many points that a simulation had reached were given to the prover as well.
        violations: those of them that it would have proven unreachable. One is enough to make every proof
            of the design worthless: then `verdicts` holds none.
        notes: what the user should know, one sentence each.
        seconds: wall-clock seconds it took when it was worked out.
    """

    verdicts: Mapping[Identity, Verdict] = field(default_factory=dict)
    canaries: int = 0
    violations: tuple[Identity, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
