"""What a testbench does only with its user's leave."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """Things the screen refuses unless the settings allow them."""

    FILES = "files"
    """Read and write files outside the work folder, and read those of the design's folder."""
    INCLUDES = "includes"
    """Include files that are no part of the design."""
    PROCESSES = "processes"
    """Start other programs."""
    FOREIGN = "foreign"
    """Call or hold C and C++ code."""
    COVERAGE = "coverage"
    """Steer what Verilator measures and keeps, by its own comments."""
    FORCE = "force"
    """Write signals inside the DUT."""
    BIND = "bind"
    """Put code of its own into the DUT."""
