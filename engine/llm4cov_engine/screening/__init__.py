"""Looks at a testbench before it costs a simulation.

Refused is what no run could make useful, what would make the compiler answer for something else than the DUT,
what reaches out of the work folder and what makes coverage look better than it is. All of it is read from the
parsed and preprocessed text. Syntax errors are the compiler's to report: its words are what a policy repairs
by. What the settings allow passes, and is said.
"""

from __future__ import annotations

from llm4cov_engine.permission import Permission
from llm4cov_engine.screening.screen import LARGEST, Screening, inspect, screen
from llm4cov_engine.screening.top import find_top

__all__ = ["LARGEST", "Permission", "Screening", "find_top", "inspect", "screen"]
