"""Reports of a simulator call: the JSON documents of `run` and `close`, and files in other tools' formats.

Numbers named `score` are the mean over the metrics that have points, in [0, 1]; `percent` and `actual` are
0 to 100; `seconds` are wall-clock seconds.
"""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from llm4cov_engine.coverage.cobertura import cobertura
from llm4cov_engine.coverage.holes import Hole, HoleReason, holes
from llm4cov_engine.coverage.lcov import lcov
from llm4cov_engine.coverage.text import for_person
from llm4cov_engine.files import write_text
from llm4cov_engine.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llm4cov_engine.coverage.coverage import Coverage, Tally, TargetResult
    from llm4cov_engine.coverage.point import Metric
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.simulator.feedback import Feedback, Seconds
    from llm4cov_engine.state import State, Transition
    from llm4cov_engine.testbench import Testbench

Document = dict[str, Any]
"""A JSON object."""


def _metrics(coverage: Coverage) -> dict[str, Document | None]:
    def entry(tally: Tally) -> Document | None:
        if not tally.total and not tally.unreachable and not tally.waived:
            return None
        return {"hit": tally.hit, "total": tally.total}

    by_metric: dict[Metric, Tally] = coverage.metrics
    return {metric.value: entry(tally) for metric, tally in by_metric.items()}


def _hole(hole: Hole) -> Document:
    return {
        "metric": hole.metric.value,
        "file": hole.file,
        "line": hole.line,
        "column": hole.column,
        "instance": hole.instance,
        "what": hole.what,
        "reason": hole.reason,
        "because": hole.because,
    }


def _target(result: TargetResult, design: Design) -> Document:
    return {
        "instance": result.target.instance or design.instance,
        "metric": result.target.metric,
        "percent": result.target.percent,
        "actual": None if result.actual is None else round(result.actual, 2),
        "met": result.met,
    }


def _coverage(design: Design, coverage: Coverage) -> Document:
    tally = coverage.tally
    return {
        "points": asdict(tally),
        "metrics": _metrics(coverage),
        "instances": [
            {
                "path": path,
                "module": part.module,
                "score": round(part.score, 4),
                "metrics": _metrics(part),
            }
            for path, part in coverage.instances.items()
        ],
        "holes": [_hole(hole) for hole in holes(coverage, design)],
        "targets": [_target(result, design) for result in coverage.results(design.targets)],
    }


def run_document(state: State) -> Document:
    """What `llm4cov run --json` prints: a design, and the simulator's answer about a testbench.

    In s0, where nothing has been simulated, the document says only what the design is.
    """
    design, feedback = state.design, state.feedback
    document: Document = {
        "design": {
            "id": design.id,
            "top": design.top,
            "instance": design.instance,
            "files": len(design.sources),
        },
        "status": None,
        "score": round(state.score, 4),
        "points": None,
        "metrics": None,
        "instances": [],
        "holes": [],
        "targets": [],
    }
    if feedback is None:
        return document
    if feedback.coverage is not None:
        document |= _coverage(design, feedback.coverage)
    return document | {
        "status": feedback.status.value,
        "problems": [str(problem) for problem in feedback.problems],
        "notes": [*design.notes, *feedback.notes],
        "log": feedback.log,
        "seconds": _rounded(feedback.seconds),
        "cached": feedback.cached,
        "build": feedback.build,
        "simulator": asdict(feedback.simulator) if feedback.simulator else None,
        "seed": feedback.seed,
    }


def _rounded(seconds: Seconds) -> dict[str, float]:
    return {name: round(value, 3) for name, value in asdict(seconds).items()}


def round_document(number: int, transition: Transition) -> Document:
    """One entry of `rounds`: who proposed what, and what came of it. Rounds count from 1."""
    proposal = transition.proposal
    return {
        "round": number,
        "author": proposal.author.value,
        "status": transition.feedback.status.value,
        "score": round(transition.feedback.score, 4),
        "gain": round(transition.gain, 4),
        "note": proposal.note,
        "seconds": {
            **_rounded(transition.feedback.seconds),
            "round": round(transition.seconds, 3),
        },
        "tokens": asdict(proposal.tokens),
    }


def close_document(
    best: State,
    transitions: Sequence[Transition],
    *,
    session: str,
    testbench: str | None,
    policy: str,
) -> Document:
    """What `llm4cov close --json` prints: the best state's document and the rounds that led to it."""
    return {
        **run_document(best),
        "session": session,
        "testbench": testbench,
        "policy": policy,
        "rounds": [round_document(number, done) for number, done in enumerate(transitions, 1)],
    }


def holes_text(design: Design, coverage: Coverage, most: int) -> str:
    """The most useful holes with their source lines, at most so many entries; "" for none."""
    found = [hole for hole in holes(coverage, design) if hole.reason is HoleReason.UNCOVERED]
    return for_person(found, design, limit=most) if found and most else ""


class ReportFormat(StrEnum):
    """Formats of report files."""

    LCOV = "lcov"
    COBERTURA = "cobertura"
    HTML = "html"


def write_report(state: State, kind: ReportFormat, path: Path) -> None:
    """Write what was measured in a state to a file, in another tool's format or as one HTML page.

    Raises:
        StorageError: the file cannot be written.
        ValueError: nothing was measured.
    """
    feedback = state.feedback
    if feedback is None or feedback.coverage is None:
        raise ValueError("a state without coverage has no report")
    match kind:
        case ReportFormat.LCOV:
            text = lcov(feedback.coverage, name=state.design.id)
        case ReportFormat.COBERTURA:
            text = cobertura(feedback.coverage, version=__version__)
        case ReportFormat.HTML:
            text = _html(state.design, feedback, feedback.coverage, state.testbench)
    write_text(path, text)


def _html(design: Design, feedback: Feedback, coverage: Coverage, testbench: Testbench | None) -> str:
    from llm4cov_engine.coverage.html import Run, html

    simulator = feedback.simulator
    run = Run(
        status=feedback.status.value,
        simulator=f"{simulator.name} {simulator.version}" if simulator else "",
        testbench=testbench.name if testbench else "",
        seed=feedback.seed,
        seconds=feedback.seconds.total,
        notes=feedback.notes,
    )
    return html(design, coverage, run)
