"""A real Neovim, configured as its page of the documentation says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lsp.editor import BENCH, workspace

PAGE = Path(__file__).resolve().parents[2] / "docs" / "editors" / "neovim.md"
DRIVER = Path(__file__).with_name("neovim.lua")


def configuration() -> str:
    """The Lua of the page."""
    found = re.search(r"```lua\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.timeout(1200)
@pytest.mark.skipif(shutil.which("nvim") is None, reason="there is no Neovim")
def test_neovim_shows_errors_and_closes_coverage(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "repository")
    init = tmp_path / "init.lua"
    init.write_text(configuration())
    seen = tmp_path / "seen.json"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "LLM4COV_SEEN": str(seen),
    }
    command = [
        "nvim",
        "--headless",
        "--clean",
        "-u",
        str(init),
        "-c",
        f"luafile {DRIVER}",
        "tb/counter_tb.sv",
    ]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=1100, check=False
    )
    assert seen.exists(), done.stderr
    found = json.loads(seen.read_text())
    assert "failed" not in found, found
    assert done.returncode == 0, done.stderr
    assert found["error_line"] == 1
    assert found["lenses"] == ["Run", "Close coverage", "Repair"]
    assert any("round 1/" in each for each in found["progress"])
    assert "counter_tb.sv" in found["questions"][0]
    assert found["lines"] > len(BENCH.splitlines())
    assert "first hit by" in found["hover"]
    assert (folder / "tb" / "counter_tb.sv").read_text() == BENCH
