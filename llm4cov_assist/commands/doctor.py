"""`llm4cov doctor`: what is there and what is missing."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer
from rich.text import Text

from llm4cov_assist.console import data, print_json
from llm4cov_assist.options import JsonOption
from llm4cov_assist.running import run as run_to_end
from llm4cov_engine import Check, Project, diagnose

MISSING = 2


def doctor(as_json: JsonOption = False) -> None:
    """Check Verilator, the C++ compiler, the cache, the model and what else a run needs.

    Exit status: 0 all well, 2 something needed is missing.
    """
    checks = run_to_end(diagnose(Project.settings_of(Path())))
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            data.print(_line(check))
    if any(check.needed and not check.ok for check in checks):
        raise typer.Exit(MISSING)


def _line(check: Check) -> Text:
    sign, style = ("✓", "green") if check.ok else ("✗", "bold red") if check.needed else ("!", "yellow")
    line = Text.assemble((f"{sign} ", style), (f"{check.name:<18}", "bold"), check.detail)
    if check.remedy:
        line.append(f"\n  → {check.remedy}", style="dim")
    return line
