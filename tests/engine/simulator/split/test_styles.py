"""Testbenches of many styles: a split build covers, prints and ends like a flat one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.simulator.options import Build, SimulatorOptions
from llm4cov_engine.simulator.verilator import Verilator
from tests.engine.simulator.split.dut import DESIGN, STYLES, styled

if TYPE_CHECKING:
    from llm4cov_engine.coverage.point import Point
    from llm4cov_engine.simulator.feedback import Feedback

SPLIT = SimulatorOptions(use_cache=False, build=Build.SPLIT)


def hits(feedback: Feedback) -> list[Point]:
    """Points, hit or not: how often says neither build exactly."""
    assert feedback.coverage is not None, feedback.log
    return [replace(point, hits=min(point.hits, 1)) for point in feedback.coverage.per_instance]


@pytest.mark.parametrize("style", STYLES)
async def test_a_style(style: str) -> None:
    testbench = styled(style)
    split = await Verilator(SPLIT).simulate(DESIGN, testbench)
    flat = await Verilator(replace(SPLIT, build=Build.FLAT)).simulate(DESIGN, testbench)
    assert flat.build == "flat"
    if style == "fed_back":
        assert "from outputs" in split.notes[-1]
        assert split.build == "flat"
        return
    assert split.build == "split", split.notes
    # A flat build's $monitor prints values that change again in the same time slot, too.
    if style != "monitor":
        assert split.log == flat.log
    assert split.status is flat.status
    assert split.notes == flat.notes
    assert hits(split) == hits(flat)
    assert split.coverage is not None
    assert flat.coverage is not None
    assert split.coverage.simulated_as == flat.coverage.simulated_as == "tb.dut"
