"""The JSON documents of evaluations. Shares and scores are in [0, 1], seconds are wall-clock seconds."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from llm4cov_engine.files import write_text

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine.evaluation.comparison import Comparison
    from llm4cov_engine.evaluation.estimators import Interval
    from llm4cov_engine.evaluation.results import Figures, Results
    from llm4cov_engine.evaluation.sample import Sample, Task

Document = dict[str, Any]

_DIGITS = 6


def results_document(results: Results) -> Document:
    """What `llm4cov eval --json` prints and results.json holds."""
    about = results.about
    configuration = about.configuration
    return {
        "dataset": configuration.dataset,
        "policy": configuration.policy,
        "mode": configuration.mode.value,
        "rounds": configuration.rounds,
        "seed": configuration.seed,
        "samples_per_design": about.samples,
        "fingerprint": configuration.fingerprint,
        "versions": dict(configuration.versions),
        "settings": dict(configuration.details),
        "complete": results.is_complete,
        "samples": {
            "wanted": results.wanted,
            "finished": len(results.samples),
            "errors": len(results.errors),
        },
        "skipped": dict(about.skipped),
        "groups": {name: _figures(figures) for name, figures in results.groups.items()},
        "by_round": [_rounded(asdict(each)) for each in results.by_round],
        "tokens": asdict(results.tokens),
        "money": round(results.money, _DIGITS),
        "seconds": {
            "samples": round(results.seconds, 3),
            "simulator": round(results.simulator_seconds, 3),
        },
        "tasks": [_task(task, samples) for task, samples in results.by_task.items()],
    }


def comparison_document(comparison: Comparison) -> Document:
    """Two evaluations side by side."""
    ours, theirs, equal = comparison.wins
    return {
        "differences": [
            {
                "figure": each.figure,
                "ours": round(each.ours, _DIGITS),
                "theirs": round(each.theirs, _DIGITS),
                "difference": _interval(each.difference),
            }
            for each in comparison.differences
        ],
        "designs": {
            "compared": len(comparison.duels),
            "better": ours,
            "worse": theirs,
            "equal": equal,
            "left_out": comparison.left_out,
        },
        "settings": list(comparison.settings),
        "tasks": [
            {
                "id": duel.task,
                "score": [round(each, _DIGITS) for each in duel.score],
                "passed": [round(each, _DIGITS) for each in duel.passed],
            }
            for duel in comparison.duels
        ],
    }


def write_results(results: Results, folder: Path, comparison: Comparison | None = None) -> tuple[Path, Path]:
    """Write results.json and report.html into an evaluation's folder; returns their paths.

    Args:
        comparison: with another evaluation, for the page.

    Raises:
        StorageError: one cannot be written.
    """
    from llm4cov_engine.evaluation.page import page

    document, html = folder / "results.json", folder / "report.html"
    write_text(document, json.dumps(results_document(results), indent=1, ensure_ascii=False) + "\n")
    write_text(html, page(results, comparison))
    return document, html


def _figures(figures: Figures) -> Document:
    return {
        "designs": figures.designs,
        "samples": figures.samples,
        "sim_pass": _interval(figures.sim_pass),
        "cov_pass": _interval(figures.cov_pass),
        "avg_cov": _interval(figures.avg_cov),
        "sim_pass_at": _by_k(figures.sim_pass_at),
        "cov_pass_at": _by_k(figures.cov_pass_at),
        "best_at": _by_k(figures.best_at),
    }


def _interval(interval: Interval) -> Document:
    return _rounded(asdict(interval))


def _by_k(values: dict[int, float]) -> dict[str, float]:
    return {str(k): round(value, _DIGITS) for k, value in values.items()}


def _rounded(document: Document) -> Document:
    return {
        name: round(value, _DIGITS) if isinstance(value, float) else value for name, value in document.items()
    }


def _task(task: Task, samples: tuple[Sample, ...]) -> Document:
    return {
        "id": task.id,
        "difficulty": task.difficulty or None,
        "agentic": task.agentic,
        "targets": task.targets,
        "samples": [_sample(sample) for sample in samples],
    }


def _sample(sample: Sample) -> Document:
    outcome = sample.outcome
    return {
        "sample": sample.number,
        "seed": sample.seed,
        "status": outcome.status.value,
        "score": round(outcome.score, _DIGITS),
        "passed": outcome.passed,
        "rounds_to_pass": sample.rounds_to_pass,
        "rounds": [round(each.best.score, _DIGITS) for each in sample.rounds],
        "tokens": asdict(sample.tokens),
        "money": round(sample.money, _DIGITS),
        "seconds": sample.seconds,
        "session": sample.session,
        "error": sample.error or None,
    }
