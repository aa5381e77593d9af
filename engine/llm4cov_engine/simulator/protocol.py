"""Sim(R, x): the evaluator every policy is measured by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from llm4cov_engine.events import Emit, ignore

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.simulator.feedback import Feedback
    from llm4cov_engine.testbench import Testbench


class Simulator(Protocol):
    """A deterministic evaluator: same design, testbench, seed and versions, same answer."""

    async def simulate(self, design: Design, testbench: Testbench, emit: Emit = ignore) -> Feedback:
        """Compile and run one testbench.

        Emits `Stage` events as it goes. Cancelling it kills every process it started before it returns.

        Raises:
            ToolError: the simulator or the compiler is missing. What the testbench does wrong never raises.
            StorageError: the work folder cannot be written.
        """
        ...
