"""Elaboration of RTL from outside the project."""

from __future__ import annotations

import re

import pytest

from llm4cov_engine.design.loading import load
from llm4cov_engine.elaboration import elaborate
from tests.corpus import BENCHMARK_SAMPLE, DEV_DESIGNS, row_ids

ROWS = [(path, row) for path in (DEV_DESIGNS, BENCHMARK_SAMPLE) for row in row_ids(path)]


@pytest.mark.parametrize(("path", "row"), ROWS, ids=[row for _, row in ROWS])
def test_every_design_loads_with_all_its_edges_explained(path: object, row: str) -> None:
    design = load(f"{path}#{row}")
    found = elaborate(design)
    assert found.ports
    assert found.hierarchy.path == design.instance
    assert [problem for problem in found.problems if problem.severity == "error"] == []
    text = "".join(re.sub(r"//.*|/\*(?s:.*?)\*/", "", source.text) for source in design.sources)
    has_edges = re.search(r"\b(pos|neg)edge\b", text) is not None
    assert bool(found.clocks) == has_edges
    # Every design of the collection that is clocked can be reset.
    assert bool(found.resets) == has_edges
