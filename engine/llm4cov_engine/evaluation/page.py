"""Results as one HTML file that needs no network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from statistics import fmean
from typing import TYPE_CHECKING

from llm4cov_engine.evaluation.plots import Chart, chart, scatter
from llm4cov_engine.evaluation.sample import Sample, Task

if TYPE_CHECKING:
    from jinja2 import Template

    from llm4cov_engine.evaluation.comparison import Comparison
    from llm4cov_engine.evaluation.results import Results


@dataclass(frozen=True, slots=True)
class _Row:
    """A design on the page.

    Attributes:
        score: mean of its samples.
        passed: how many of them met the targets.
        rounds: to the first pass, for each sample that passed.
    """

    task: Task
    samples: tuple[Sample, ...]
    score: float
    passed: int
    rounds: tuple[int, ...]


def page(results: Results, comparison: Comparison | None = None) -> str:
    """The page's text.

    Args:
        comparison: with another evaluation, shown too.
    """
    figures = results.groups.get("all")
    return _template().render(
        results=results,
        about=results.about,
        configuration=results.about.configuration,
        figures=figures,
        most=max(figures.cov_pass_at) if figures else 1,
        facts=_facts(results),
        rounds=_rounds_chart(results),
        by_k=_samples_chart(results),
        rows=_rows(results),
        comparison=comparison,
        scatter=scatter([(duel.task, duel.score[1], duel.score[0]) for duel in comparison.duels])
        if comparison
        else None,
        css=_asset("coverage", "report.css") + _asset("evaluation", "evaluation.css"),
    )


def _facts(results: Results) -> list[tuple[str, str]]:
    about, configuration, tokens = results.about, results.about.configuration, results.tokens
    left_out = ", ".join(f"{count} {reason}" for reason, count in about.skipped.items())
    facts = [
        ("Dataset", configuration.dataset),
        ("Policy", configuration.policy),
        ("Mode", configuration.mode.value),
        ("Rounds", f"up to {configuration.rounds}"),
        ("Samples", f"{len(results.samples)} of {results.wanted}, {about.samples} of each design"),
        ("Broken off", str(len(results.errors)) if results.errors else ""),
        ("Left out", left_out),
        ("Proven unreachable", f"left out ({configuration.proofs})" if configuration.proofs else ""),
        ("First seed", str(configuration.seed)),
        ("Tokens", f"{tokens.prompt:,} read, {tokens.completion:,} written" if tokens.completion else ""),
        ("Money", f"{results.money:,.4f}" if results.money else ""),
        ("Time", f"{results.seconds:,.0f} s, {results.simulator_seconds:,.0f} s of it simulator calls"),
        ("Versions", ", ".join(f"{name} {version}" for name, version in configuration.versions.items())),
        ("Fingerprint", configuration.fingerprint[:16]),
    ]
    return [(name, value) for name, value in facts if value]


def _rounds_chart(results: Results) -> Chart | None:
    rounds = results.by_round
    if not rounds:
        return None
    series = {
        "Sim Pass": [each.sim_pass for each in rounds],
        "Cov Pass": [each.cov_pass for each in rounds],
        "Avg Cov": [each.avg_cov for each in rounds],
    }
    return chart(series, [str(each.round) for each in rounds])


def _samples_chart(results: Results) -> Chart | None:
    figures = results.groups.get("all")
    if figures is None or len(figures.cov_pass_at) < 2:
        return None
    series = {
        "Sim Pass": list(figures.sim_pass_at.values()),
        "pass@k": list(figures.cov_pass_at.values()),
        "best@k": list(figures.best_at.values()),
    }
    return chart(series, [str(k) for k in figures.cov_pass_at])


def _rows(results: Results) -> list[_Row]:
    """Designs with samples, those with the lowest scores first."""
    rows = [
        _Row(
            task,
            samples,
            fmean(each.outcome.score for each in samples),
            sum(each.outcome.passed for each in samples),
            tuple(each.rounds_to_pass for each in samples if each.rounds_to_pass is not None),
        )
        for task, samples in results.by_task.items()
        if samples
    ]
    return sorted(rows, key=lambda row: row.score)


@cache
def _asset(room: str, name: str) -> str:
    return files(f"llm4cov_engine.{room}").joinpath("templates", name).read_text("utf-8")


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("llm4cov_engine", "evaluation/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda share: f"{share * 100:.1f} %"
    # Adding nothing turns the zero that a small loss is rounded to into a plain one.
    environment.filters["points"] = lambda share: f"{round(share * 100, 1) + 0.0:+.1f}"
    return environment.get_template("evaluation.html.j2")
