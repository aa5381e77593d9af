"""What the RTL says of itself, by pyslang."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.elaboration.records import Elaboration


def elaborate(design: Design) -> Elaboration:
    """Elaborate a design; see `llm4cov_engine.elaboration.elaborating.elaborate`.

    pyslang is loaded by the first call, not by importing this package: its records are needed everywhere.

    Raises:
        ElaborationError: the top is missing or cannot be elaborated.
    """
    from llm4cov_engine.elaboration.elaborating import elaborate as elaborate_now

    return elaborate_now(design)
