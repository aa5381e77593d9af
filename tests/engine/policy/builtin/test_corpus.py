"""The built-in policy on RTL from outside the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.design.loading import load
from llm4cov_engine.policy.builtin import BuiltinPolicy
from llm4cov_engine.rounds import direct_infer
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.simulator.verilator import Verilator
from tests.corpus import BENCHMARK_SAMPLE, DEV_DESIGNS, need, row_ids

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [(path, identity) for path in (BENCHMARK_SAMPLE, DEV_DESIGNS) for identity in row_ids(path)]


@pytest.mark.slow
@pytest.mark.parametrize(("path", "identity"), ROWS, ids=[identity for _, identity in ROWS])
async def test_a_first_testbench_simulates(path: Path, identity: str) -> None:
    design = load(f"{need(path)}#{identity}")
    state = await direct_infer(design, BuiltinPolicy(), Verilator())
    assert state.feedback is not None
    assert state.feedback.status is Status.SUCCESS, state.feedback.log
    assert state.score > 0.6
