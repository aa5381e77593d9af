"""Two outlets: stdout is data, stderr is talk."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from llm4cov_engine.errors import Llm4CovError

talk = Console(stderr=True, highlight=False, soft_wrap=True)
"""Progress, notes, warnings and errors."""

data = Console(highlight=False, soft_wrap=True)
"""Results for people. Scripts get `print_json` instead."""


def print_json(document: dict[str, Any] | list[Any]) -> None:
    """Write one JSON document to stdout, and nothing else."""
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
    sys.stdout.flush()


def print_error(error: Llm4CovError) -> None:
    """Say what happened and what to do, without a traceback."""
    talk.print("error:", style="bold red", end=" ")
    talk.print(error.what, markup=False)
    if error.remedy:
        talk.print("  help:", style="bold", end=" ")
        talk.print(error.remedy, markup=False)
