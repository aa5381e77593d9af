"""The prover against simulations that reach everything: no point may be proven that a simulation hits."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine import Design, Metric, SimulatorOptions, SourceFile, Testbench, Verilator
from llm4cov_engine.proof.deciding import decide
from llm4cov_engine.proof.evidence import reached
from llm4cov_engine.proof.options import ProofOptions
from llm4cov_engine.proof.records import Reachable, Unreachable
from tests.engine.proof.random_features import FEATURES, STYLES
from tests.engine.proof.random_features import design_text as features_text
from tests.engine.proof.random_features import testbench_text as features_testbench
from tests.engine.proof.random_rtl import design_text, random_testbench

if TYPE_CHECKING:
    from llm4cov_engine import Point

MODULES = 4
STEPS = 20_000


async def _compare(first: int) -> None:
    design = Design("random", (SourceFile("random.sv", design_text(first, MODULES)),), top="top")
    feedback = await Verilator(SimulatorOptions(seed=1)).simulate(
        design, Testbench("tb.sv", random_testbench(MODULES, STEPS))
    )
    assert feedback.coverage is not None, feedback.log
    points = feedback.coverage.per_instance
    every = [point for point in points if point.hits]
    verdicts = await decide(design, points, options=ProofOptions(seconds=60, canaries=len(every)))
    assert verdicts.violations == ()
    assert verdicts.canaries > 0.5 * len(every)
    kinds = Counter(type(verdict) for verdict in verdicts.verdicts.values())
    # What long random stimulus of such small machines misses cannot be reached, and the prover knows. Rows of
    # expressions are looked at in more places than the simulator looks, so that fewer of them are proven.
    wrong = [
        key
        for key, verdict in verdicts.verdicts.items()
        if isinstance(verdict, Reachable) and key[0] != Metric.EXPRESSION
    ]
    assert kinds[Unreachable] > 3
    # The model lets a reset act late, which random stimulus cannot do.
    assert len(wrong) < 0.1 * len(verdicts.verdicts), wrong[:5]


async def test_no_point_of_random_hardware_is_proven_that_a_simulation_hits() -> None:
    await _compare(first=1)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 1200, 20))
async def test_more_random_hardware(first: int) -> None:
    await _compare(first)


async def _compare_features(seed: int, features: tuple[str, ...], steps: int) -> int:
    """Hold every proof against testbenches that keep away from the edges, and those that race."""
    text = features_text(seed, features)
    design = Design("random", (SourceFile("random.sv", text),), top="top")
    simulator = Verilator(SimulatorOptions(seed=1 + seed))
    hit: dict[str, set[tuple[str, ...]]] = {}
    asked: tuple[Point, ...] = ()
    for style in STYLES:
        testbench = Testbench("tb.sv", features_testbench(len(features), steps, style))
        feedback = await simulator.simulate(design, testbench)
        assert feedback.coverage is not None, feedback.log
        points = feedback.coverage.per_instance
        hit[style] = {point.identity for point in reached(points)}
        asked = asked or (*(point for point in points if not point.hits), *reached(points))
    verdicts = await decide(design, asked, options=ProofOptions(seconds=60, canaries=500))
    assert verdicts.violations == ()
    proven = {key: each for key, each in verdicts.verdicts.items() if isinstance(each, Unreachable)}
    sure = {key for key, each in proven.items() if not each.needs_still_inputs}
    for style in STYLES:
        assert not sure & hit[style], (style, sorted(sure & hit[style])[:5])
    assert not proven.keys() & hit["apart"]
    return len(sure)


async def test_no_proof_about_a_feature_is_wrong_however_inputs_change() -> None:
    assert await _compare_features(1, FEATURES[:5], 8000) > 20
    assert await _compare_features(2, FEATURES[5:], 8000) > 20


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 23))
async def test_more_random_features(seed: int) -> None:
    for feature in FEATURES:
        await _compare_features(seed, (feature,), 20_000)
