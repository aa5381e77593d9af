"""RTL from outside the project that tests run on; a test that needs it is skipped where it is not there."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "designs"
DEV_DESIGNS = SHARED / "dev_designs.jsonl"
BENCHMARK_SAMPLE = SHARED / "cvdp_ecov_sample.jsonl"


def need(path: Path) -> Path:
    """The path, or a skipped test."""
    if not path.exists():
        pytest.skip(f"{path.name} is not on this machine")
    return path


@cache
def row_ids(path: Path) -> tuple[str, ...]:
    """Ids of the rows of a dataset; () where it is not there, so that parametrised tests can collect."""
    if not path.exists():
        return ()
    return tuple(json.loads(line)["id"] for line in path.read_text().splitlines() if line.strip())
