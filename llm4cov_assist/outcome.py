"""What a command makes of a simulator's answer: exit status and report files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_assist.console import talk
from llm4cov_engine import Status, report

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine import State

SUCCESS = 0
TESTBENCH_FAILED = 1
TARGET_NOT_MET = 3
INTERRUPTED = 130
"""Stopped by Ctrl-C, as shells expect it (128 + SIGINT)."""


def exit_status(state: State) -> int:
    """0 success and every target met, 1 the testbench failed, 3 a target was not met."""
    if state.feedback is None or state.feedback.status is not Status.SUCCESS:
        return TESTBENCH_FAILED
    if state.design.targets and not state.meets_targets:
        return TARGET_NOT_MET
    return SUCCESS


def write_reports(state: State, *, lcov: Path | None, cobertura: Path | None, html: Path | None) -> None:
    """Write the report files the user asked for.

    Raises:
        StorageError: one cannot be written.
    """
    wanted = {
        report.ReportFormat.LCOV: lcov,
        report.ReportFormat.COBERTURA: cobertura,
        report.ReportFormat.HTML: html,
    }
    measured = state.feedback is not None and state.feedback.coverage is not None
    for kind, path in wanted.items():
        if path is None:
            continue
        if measured:
            report.write_report(state, kind, path)
            talk.print(f"wrote {path}", markup=False, style="dim")
        else:
            talk.print(f"note: no coverage was measured, so {path} is not written.", markup=False)
