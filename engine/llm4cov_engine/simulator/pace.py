"""How long the simulations of a design take, to compile the next one accordingly.

Only speed depends on it, never a result; so it is not kept longer than this process lives.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.simulator.feedback import Seconds

_LONG_SECONDS: Final = 2.0
_TIMES_COMPILING: Final = 8.0
"""Optimised, a program takes about as much longer to compile, and two thirds of its run are saved."""

_KEPT: Final = 256

_last: OrderedDict[str, bool] = OrderedDict()


def note(design: Design, seconds: Seconds, *, optimised: bool) -> None:
    """Take note of how long a round took."""
    if optimised:
        # Its own figures would speak against it.
        long = seconds.simulate > _LONG_SECONDS / 3
    else:
        long = seconds.simulate > max(_LONG_SECONDS, _TIMES_COMPILING * seconds.compile)
    _last[design.digest] = long
    _last.move_to_end(design.digest)
    while len(_last) > _KEPT:
        _last.popitem(last=False)


def is_long(design: Design) -> bool:
    """Whether the next simulation should be compiled to run fast rather than compiled fast."""
    return _last.get(design.digest, False)
