"""A repository, and a workbench on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llm4cov_engine import Workbench
from tests.e2e.rtl import repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path)


@pytest.fixture
def bench(root: Path) -> Iterator[Workbench]:
    workbench = Workbench.open(root)
    yield workbench
    workbench.close_files()
