"""How far long work over many rows has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Advance:
    """So much of a piece of work is done.

    Attributes:
        what: the piece of work in a word or two.
        done: of `total`.
        total: 0 where nobody knows.
        detail: what came of the latest one, "" for nothing to say.
    """

    what: str
    done: int
    total: int
    detail: str = ""


Tell = Callable[[Advance], None]
"""Takes every step as it is made; must return at once."""


def silent(advance: Advance) -> None:
    """Listen to nothing."""
