"""How much a search may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SECONDS: Final = 20.0
"""Of a search, unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much a search may do.

    Attributes:
        seconds: after which it ends wherever it is; a search that comes to its own end does not depend on it.
        patience: generations of trials without anything new after which it ends by itself.
    """

    seconds: float = SECONDS
    patience: int = 2
