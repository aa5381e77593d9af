"""How much a search may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WORK: Final = 24.0
"""Seconds of the processor for the trials of a search, of all its processes together."""

LATER_WORK: Final = 6.0
"""The same for a search that adds to what an earlier one found."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much a search may do.

    Attributes:
        seconds: after which it ends wherever it is; None for no such bound.
        work: seconds of the processor for its trials, of all processes together. It bounds searches of
            designs whose cycles cost more than their size tells; one that comes to its own end does not
            depend on it.
        patience: generations of trials without anything new after which it ends by itself.
    """

    seconds: float | None = None
    work: float = WORK
    patience: int = 2
