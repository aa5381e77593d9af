"""Evaluations as tables for a person: the paper's figures, and two runs side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from llm4cov_engine import percent

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType

    from llm4cov_engine import evaluation

_SHOWN = 5
"""Designs that are named."""


def results_view(results: evaluation.Results) -> RenderableType:
    """Everything a person wants to know of an evaluation but for the single designs."""
    parts: list[RenderableType] = [_head(results), "", _figures_table(results.groups)]
    everything = results.groups.get("all")
    if everything is not None:
        parts += [_ranges(everything), "", _rounds_table(results)]
        if len(everything.cov_pass_at) > 2:
            parts += ["", _samples_table(everything)]
    if unpassed := _unpassed(results):
        parts += ["", unpassed]
    parts += ["", _cost(results)]
    if not results.is_complete:
        left = results.wanted - len(results.samples)
        parts += ["", Text(f"not complete: {left} of {results.wanted} samples are left", style="yellow")]
    if results.errors:
        parts += ["", _errors(results)]
    return Group(*parts)


def _head(results: evaluation.Results) -> Text:
    about, configuration = results.about, results.about.configuration
    kind = (
        "direct inference" if configuration.rounds == 1 else f"agentic, up to {configuration.rounds} rounds"
    )
    mode = "" if configuration.mode.value in ("memoryless", "direct") else f" ({configuration.mode.value})"
    line = Text(configuration.dataset, style="bold")
    line.append(f"  {configuration.policy}  {kind}{mode}", style="")
    plural = "" if about.samples == 1 else "s"
    line.append(f"  {about.samples} sample{plural} of each design", style="dim")
    if configuration.proofs:
        line.append(f"  without points proven unreachable ({configuration.proofs})", style="dim")
    if about.skipped:
        said = ", ".join(f"{count} {reason}" for reason, count in about.skipped.items())
        line.append(f"  left out: {said}", style="dim")
    return line


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for number, name in enumerate(columns):
        table.add_column(name, justify="left" if number == 0 else "right", no_wrap=True)
    return table


def _figures_table(groups: dict[str, evaluation.Figures]) -> Table:
    most = max(groups["all"].cov_pass_at, default=1) if groups else 1
    names = [f"pass@{most}", f"best@{most}"] if most > 1 else []
    table = _table("", "designs", "Sim Pass", "Cov Pass", "Avg Cov", *names)
    for name, figures in groups.items():
        more = [
            percent(values[most]) if most in values else ""
            for values in (figures.cov_pass_at, figures.best_at)[: len(names)]
        ]
        table.add_row(
            name,
            str(figures.designs),
            percent(figures.sim_pass.mean),
            percent(figures.cov_pass.mean),
            percent(figures.avg_cov.mean),
            *more,
            style="bold" if name == "all" else "",
        )
    return table


def _ranges(figures: evaluation.Figures) -> Text:
    intervals = {"Sim Pass": figures.sim_pass, "Cov Pass": figures.cov_pass, "Avg Cov": figures.avg_cov}
    said = [f"{name} {each.low * 100:.1f} to {each.high * 100:.1f}" for name, each in intervals.items()]
    return Text(f"95 % intervals over designs: {', '.join(said)}", style="dim")


def _samples_table(figures: evaluation.Figures) -> Table:
    """What more samples would bring."""
    table = _table("samples k", "Sim Pass", "pass@k", "best@k")
    for k in figures.cov_pass_at:
        values = (figures.sim_pass_at[k], figures.cov_pass_at[k], figures.best_at[k])
        table.add_row(str(k), *map(percent, values))
    return table


def _rounds_table(results: evaluation.Results) -> Table:
    table = _table("after round", "Sim Pass", "Cov Pass", "Avg Cov", "first passed", "improved")
    for each in results.by_round:
        table.add_row(
            f"{each.round}" + (" (direct)" if each.round == 1 else ""),
            percent(each.sim_pass),
            percent(each.cov_pass),
            percent(each.avg_cov),
            str(each.passed_first),
            str(each.improved),
        )
    passed = sum(each.passed_first for each in results.by_round)
    table.add_row("never", "", "", "", str(len(results.samples) - passed), "", style="dim")
    return table


def _unpassed(results: evaluation.Results) -> Text | None:
    """Designs that no sample passed, the lowest scores first."""
    best = {
        task.id: max(sample.outcome.score for sample in samples)
        for task, samples in results.by_task.items()
        if samples and not any(sample.outcome.passed for sample in samples)
    }
    if not best:
        return None
    lowest = sorted(best, key=lambda name: best[name])
    shown = ", ".join(f"{name} {percent(best[name])}" for name in lowest[:_SHOWN])
    more = f" and {len(lowest) - _SHOWN} more" if len(lowest) > _SHOWN else ""
    return Text(f"never passed, with its best score: {shown}{more}")


def _cost(results: evaluation.Results) -> Text:
    tokens = results.tokens
    said = [f"{len(results.samples)} samples", f"{results.seconds:.1f} s"]
    said.append(f"{results.simulator_seconds:.1f} s of simulator calls")
    if tokens.prompt or tokens.completion:
        said.append(f"{tokens.prompt:,} tokens read, {tokens.completion:,} written")
    if results.money:
        said.append(f"{results.money:.4f} spent")
    return Text(", ".join(said), style="dim")


def _errors(results: evaluation.Results) -> Text:
    first = results.errors[0]
    return Text(
        f"{len(results.errors)} samples were broken off; the first, {first.task} sample {first.number}: "
        f"{first.error} Take them again with --again.",
        style="red",
    )


def _points(share: float) -> str:
    # Adding nothing turns the zero that a small loss is rounded to into a plain one.
    return f"{round(share * 100, 1) + 0.0:+.1f}"


def comparison_view(comparison: evaluation.Comparison, other: Path) -> RenderableType:
    """Two evaluations side by side."""
    table = _table("against " + str(other), "this", "that", "difference", "95 % interval")
    for each in comparison.differences:
        change = each.difference
        style = ("green" if change.mean > 0 else "red") if comparison.is_telling(each) else ""
        table.add_row(
            each.figure,
            percent(each.ours),
            percent(each.theirs),
            Text(_points(change.mean), style=style),
            f"{_points(change.low)} to {_points(change.high)}",
        )
    better, worse, equal = comparison.wins
    said = f"{len(comparison.duels)} designs in both: {better} better, {worse} worse, {equal} equal"
    if comparison.left_out:
        said += f"; {comparison.left_out} are not in both, or not the same"
    parts: list[RenderableType] = ["", table, "", Text(said, style="dim")]
    parts += [Text(f"  {each}", style="dim") for each in comparison.settings]
    return Group(*parts)
