"""`llm4cov doctor` as a user's shell sees it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.e2e.command import llm4cov
from tests.model_server import ModelServer

if TYPE_CHECKING:
    from pathlib import Path


def test_all_is_well_without_a_model(tmp_path: Path) -> None:
    ran = llm4cov("doctor", folder=tmp_path)
    assert ran.status == 0
    for word in ("Verilator", "C++ compiler", "Cache folder", "Sandbox", "none is set"):
        assert word in ran.stdout


def test_a_missing_verilator_is_named_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "llm4cov.toml").write_text('[simulator]\nverilator = "/nowhere/verilator_bin"\n')
    ran = llm4cov("doctor", "--json", folder=tmp_path)
    assert ran.status == 2
    (check,) = (each for each in ran.document if not each["ok"] and each["needed"])
    assert check["name"] == "Verilator"
    assert "/nowhere/verilator_bin" in check["detail"]
    assert check["remedy"]


async def test_the_model_at_the_endpoint_is_named(tmp_path: Path) -> None:
    async with ModelServer() as server:
        ran = await asyncio.to_thread(llm4cov, "doctor", folder=tmp_path, OPENAI_BASE_URL=server.base_url)
    assert ran.status == 0
    assert f"at {server.base_url}" in ran.stdout


def test_a_dead_endpoint_is_said_and_stops_nothing(tmp_path: Path) -> None:
    ran = llm4cov("doctor", "--json", folder=tmp_path, OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    assert ran.status == 0
    (check,) = (each for each in ran.document if each["name"] == "Model")
    assert not check["ok"]
    assert "http://127.0.0.1:9/v1" in check["detail"]
    assert check["remedy"]
