"""What a person asks of the next rounds, beside the targets."""

from __future__ import annotations

from dataclasses import dataclass

from llm4cov_engine.coverage.holes import Hole


@dataclass(frozen=True, slots=True)
class Guidance:
    """Where a person points.

    Attributes:
        instruction: in words, for a model ("exercise the overflow while a read is pending").
        holes: what to aim at before anything else; () for whatever is missed.
    """

    instruction: str = ""
    holes: tuple[Hole, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.instruction.strip() or self.holes)


NO_GUIDANCE = Guidance()
"""Nobody asks for anything in particular."""
