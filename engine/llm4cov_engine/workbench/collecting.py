"""Garbage collection in the process of a front end, where a person waits for whatever holds it up."""

from __future__ import annotations

import gc
from typing import Final

_USUAL: Final = (700, 10, 10)
"""When Python collects, where nobody has said otherwise."""

_SPARING: Final = (1000, 5, 2000)
"""New objects, and collections of each younger generation, that lead to a collection of the next."""


def collect_sparingly() -> None:
    """Let a collection take some milliseconds at most, unless somebody has settled that otherwise.

    One of the oldest generation walks every coverage point there is, again whenever a round has brought a
    quarter more: a tenth of a second in which no thread answers. Points are in no cycles and need none.
    """
    if gc.get_threshold() == _USUAL:
        gc.set_threshold(*_SPARING)
