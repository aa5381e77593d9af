"""A real model behind a real server, far too small to be of use: nonsense is recorded, and nothing breaks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine import SessionStore
from tests.e2e.chat_story import write_project
from tests.e2e.command import llm4cov
from tests.model_server import llama
from tests.processes import left_by

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 3

POLICY = f"""
[policy]
max_tokens = 120
context_tokens = {llama.CONTEXT_TOKENS}
rules = false
deadline_seconds = 1200
idle_seconds = 1200
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3000),
    pytest.mark.skipif(not llama.installed(), reason="the extra 'models' is not installed"),
]


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with the model, for all tests of the module."""
    folder = tmp_path_factory.mktemp("llama")
    with subprocess.Popen(
        [sys.executable, "-m", "tests.model_server.llama", str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def test_three_rounds_of_nonsense_end_cleanly(tmp_path: Path, base_url: str) -> None:
    project = write_project(tmp_path / "gate")
    with (project / "llm4cov.toml").open("a") as settings:
        settings.write(POLICY)
    ran = llm4cov(
        *("close", "--policy", "chat", "--base-url", base_url, "--rounds", str(ROUNDS), "--json"),
        folder=project,
        seconds=2700,
    )
    assert ran.status in (0, 1, 3), ran.stderr
    assert len(ran.document["rounds"]) == ROUNDS
    with SessionStore.for_folder(project) as store:
        rounds = list(store.load(ran.document["session"]).transitions())
    assert len(rounds) == ROUNDS
    for done in rounds:
        assert done.proposal.messages[-1][0] == "assistant"
        assert done.proposal.tokens.completion > 0
        assert done.proposal.testbench is not None or done.proposal.note
        # llama.cpp names a model by the path of its file, which is nobody's business.
        assert done.proposal.model == "model.gguf"
        assert str(tmp_path.parent) not in repr((done.proposal, done.feedback))
    assert left_by(ran.pid) == []


def test_doctor_names_the_model(tmp_path: Path, base_url: str) -> None:
    ran = llm4cov("doctor", folder=tmp_path, OPENAI_BASE_URL=base_url)
    assert "model.gguf" in ran.stdout
