"""Fixtures every test shares."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from pathlib import Path

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("random", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Two runs of one commit say the same; `make test-all` looks for what they have not seen.
settings.register_profile("steady", settings.get_profile("random"), derandomize=True)
settings.load_profile("steady")


@pytest.fixture(scope="session", autouse=True)
def private_folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep the user's own cache, data and settings out of the tests.

    The cache is one folder for the whole run, all workers together, so that the simulator's runtime is
    compiled once; LLM4COV_TEST_CACHE keeps it from run to run.
    """
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent
    os.environ["LLM4COV_CACHE_DIR"] = os.environ.get("LLM4COV_TEST_CACHE") or str(base / "cache")
    os.environ["LLM4COV_DATA_DIR"] = str(base / "data")
    os.environ["LLM4COV_CONFIG"] = str(base / "no-config.toml")
    for name in [name for name in os.environ if name.startswith("OPENAI_") or name == "LLM4COV_MODEL"]:
        del os.environ[name]
    return base
