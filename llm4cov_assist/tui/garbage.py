"""Keeps the search for unreachable objects from being felt.

The interpreter looks at every object that lives, in whatever thread happens to need memory, and holds up all
of them meanwhile: a tenth of a second or two in an application with a design and its coverage in memory.
"""

from __future__ import annotations

import gc

_DEFAULT = gc.get_threshold()

_THRESHOLDS = (10_000, 10, 50)
"""Drawing makes and drops thousands of small objects; by default that sets off a search in every frame."""


def settle() -> None:
    """Look once, now, and leave what lives at this moment alone from now on.

    For moments at which it is least felt: a design was opened, work is over. What is left alone is still
    freed as soon as nothing refers to it; only rings among it stay.
    """
    gc.set_threshold(*_THRESHOLDS)
    gc.collect()
    gc.freeze()


def unsettle() -> None:
    """End of that: what is left at the end of the process is taken away in good order."""
    gc.unfreeze()
    gc.set_threshold(*_DEFAULT)
