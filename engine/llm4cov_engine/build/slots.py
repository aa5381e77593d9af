"""How much may be built and run at the same time."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Cores this process may run on."""
    return max(1, len(os.sched_getaffinity(0)))
