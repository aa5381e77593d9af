"""A simulator whose answers leave out what the user waived."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.waivers import apply
from llm4cov_engine.events import Emit, ignore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.coverage.waivers import Waiver
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.simulator.feedback import Feedback
    from llm4cov_engine.simulator.protocol import Simulator
    from llm4cov_engine.testbench import Testbench


class WaivingSimulator:
    """Asks another simulator, then applies waivers to the coverage; stale waivers become notes.

    The other simulator's cache holds coverage as measured, so a changed waiver costs no simulation.
    """

    def __init__(self, simulator: Simulator, waivers: Sequence[Waiver]) -> None:
        self._simulator = simulator
        self._waivers = tuple(waivers)

    async def simulate(self, design: Design, testbench: Testbench, emit: Emit = ignore) -> Feedback:
        """See `Simulator.simulate`."""
        feedback = await self._simulator.simulate(design, testbench, emit)
        if feedback.coverage is None:
            return feedback
        waived = apply(self._waivers, feedback.coverage)
        stale = tuple(
            f"No point answers to the waiver at {waiver.place or waiver.reason}." for waiver in waived.stale
        )
        return replace(feedback, coverage=waived.coverage, notes=(*feedback.notes, *stale))
