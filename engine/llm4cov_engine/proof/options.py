"""How much a prover may spend, and where it works."""

from __future__ import annotations

from dataclasses import dataclass

from llm4cov_engine.sandbox.finding import AUTO


@dataclass(frozen=True, slots=True)
class ProofOptions:
    """Limits of one design's proofs.

    Attributes:
        seconds: wall-clock seconds for all points of a design together.
        memory: bytes of virtual memory of each program.
        canaries: how many points that a simulation has reached are given to the prover as well.
        witnesses: whether to work out inputs for points that can be reached.
        sandbox: the box that the prover's programs run in; see `find_box`.
    """

    seconds: float = 10.0
    memory: int = 4 << 30
    canaries: int = 48
    witnesses: bool = True
    sandbox: str = AUTO
