"""A real Emacs with Eglot, configured as its page of the documentation says."""

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

PAGE = Path(__file__).resolve().parents[2] / "docs" / "editors" / "emacs.md"
DRIVER = Path(__file__).with_name("emacs.el")
PACKAGES = "/usr/share/emacs/site-lisp/elpa"
"""Where Debian puts Eglot; Emacs 29 brings its own."""


def configuration() -> str:
    """The first piece of Lisp of the page, with Debian's packages to be found."""
    found = re.search(r"```elisp\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    packages = f'(require (quote package)) (add-to-list (quote package-directory-list) "{PACKAGES}")'
    return f"{packages} (package-initialize)\n{found[1]}"


def has_eglot() -> bool:
    return shutil.which("emacs") is not None and (
        any(Path(PACKAGES).glob("eglot-*"))
        or any(Path("/usr/share/emacs").glob("*/lisp/progmodes/eglot.el*"))
    )


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not has_eglot(), reason="there is no Emacs with Eglot")
def test_emacs_shows_errors_and_closes_coverage(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "repository")
    # Eglot takes the folder of a repository for the workspace.
    (folder / ".git").mkdir()
    init = tmp_path / "init.el"
    init.write_text(configuration())
    seen = tmp_path / "seen.json"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "LLM4COV_SEEN": str(seen),
    }
    if "LLM4COV_CACHE_DIR" not in environment:
        environment["XDG_CACHE_HOME"] = str(Path.home() / ".cache")
    command = ["emacs", "-Q", "--batch", "--load", str(init), "--load", str(DRIVER)]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=1100, check=False
    )
    assert seen.exists(), done.stderr
    found = json.loads(seen.read_text())
    assert "failed" not in found, (found, done.stderr[-2000:])
    assert done.returncode == 0, done.stderr
    assert found["error_line"] == 2
    assert "counter_tb.sv" in found["question"]
    assert found["lines"] > len(BENCH.splitlines())
    assert found["modified"], "nothing is saved for the person"
    assert "first hit by" in found["hover"]
    assert (folder / "tb" / "counter_tb.sv").read_text() == BENCH
