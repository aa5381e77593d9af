"""What leaves the machine carries no secret: not of the environment, not of the user's folders."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine import report
from llm4cov_engine.permission import Permission
from llm4cov_engine.policy.chat.options import ChatOptions
from llm4cov_engine.policy.chat.prompt import PromptWriter
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.simulator.options import SimulatorOptions
from llm4cov_engine.simulator.verilator import Verilator
from llm4cov_engine.state import State
from llm4cov_engine.testbench import Testbench
from tests.hostile.attacks import DESIGN, SECRET, bench

if TYPE_CHECKING:
    from pathlib import Path

NOSY = """\
  initial begin
    #10;
    $c("extern char** environ; for (char** e = environ; *e; ++e) puts(*e);");
    $c("char cwd[4096]; puts(getcwd(cwd, 4096)); puts(__FILE__);");
    $display("{home}/project/file.sv");
    $system("env; id -un; hostname; pwd; ls -la ..");
  end
"""


@pytest.mark.parametrize("kept", [True, False])
async def test_nothing_of_the_user_goes_out(
    kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "canary-user"
    (home / "cache").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    for name in ("OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "LLM4COV_SECRET"):
        monkeypatch.setenv(name, SECRET)
    options = SimulatorOptions(
        use_cache=False,
        allow=frozenset(Permission),
        sandbox="auto" if kept else "off",
    )
    testbench = Testbench("tb.sv", bench(NOSY.replace("{home}", str(home))))
    feedback = await Verilator(options).simulate(DESIGN, testbench)
    assert feedback.status is Status.SUCCESS, feedback.log
    assert "~/project/file.sv" in feedback.log
    # Its own text may say what it likes: what is looked for is what running it brought to light.
    state = State(DESIGN, Testbench("tb.sv", bench("")), feedback)
    prompt = PromptWriter(ChatOptions()).memoryless(state, 100_000)
    for text in (
        feedback.log,
        "\n".join((*feedback.notes, *map(str, feedback.problems))),
        json.dumps(report.run_document(state)),
        repr(prompt),
    ):
        assert SECRET not in text
        assert "canary-user" not in text
