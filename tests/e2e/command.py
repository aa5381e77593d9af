"""The installed command, as a user's shell runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@dataclass(frozen=True)
class Ran:
    """How a command ended; `pid` was its process."""

    status: int
    stdout: str
    stderr: str
    pid: int

    @property
    def document(self) -> Any:
        """Stdout as the one JSON document it must be."""
        return json.loads(self.stdout)


def start(*arguments: str | Path, folder: Path, **environment: str) -> subprocess.Popen[str]:
    """Start `llm4cov` with its own process group, as a terminal does."""
    return subprocess.Popen(
        [sys.executable, "-m", "llm4cov_assist", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )


def llm4cov(*arguments: str | Path, folder: Path, seconds: float = 240, **environment: str) -> Ran:
    """Run `llm4cov` to its end. No outcome whatever may show a traceback."""
    with start(*arguments, folder=folder, **environment) as process:
        try:
            stdout, stderr = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert "Traceback" not in stderr, stderr
    return Ran(process.returncode, stdout, stderr, process.pid)
