"""The only place that starts a program.

A program gets its own session, an environment of its own, limits, a deadline and a bound on what is kept of
its output. Whatever way a run ends (by itself, at its deadline, flooding, cancelled), nothing it started is
alive afterwards: its process group is killed, and processes that left the group are found by a variable they
inherited in their environment.
"""

from __future__ import annotations

from llm4cov_engine.process.companion import Companion
from llm4cov_engine.process.escape import MARK
from llm4cov_engine.process.limits import Finished, Limits, Quota
from llm4cov_engine.process.running import NO_LIMITS, SEARCH_PATH, run
from llm4cov_engine.process.waiting import in_thread, together, uninterrupted

__all__ = [
    "MARK",
    "NO_LIMITS",
    "SEARCH_PATH",
    "Companion",
    "Finished",
    "Limits",
    "Quota",
    "in_thread",
    "run",
    "together",
    "uninterrupted",
]
