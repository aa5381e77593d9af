"""Results as tables for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from llm4cov_engine import Status, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from llm4cov_engine import Coverage, Design, Feedback, Tally

_BAR = 20
_INSTANCES = 20


def _bar(ratio: float) -> Text:
    filled = int(ratio * _BAR)
    style = "green" if ratio >= 0.95 else "yellow" if ratio >= 0.7 else "red"
    done, open_ = ("━" * filled, style), ("─" * (_BAR - filled), "bright_black")
    return Text.assemble(done, open_, no_wrap=True, overflow="crop")


def _row(table: Table, name: str, ratio: float, tally: Tally | None, style: str = "") -> None:
    counts = f"{tally.hit} / {tally.total}" if tally else ""
    left_out = []
    if tally and tally.unreachable:
        left_out.append(f"{tally.unreachable} unreachable")
    if tally and tally.waived:
        left_out.append(f"{tally.waived} waived")
    table.add_row(name, percent(ratio), _bar(ratio), counts, ", ".join(left_out), style=style)


def coverage_table(coverage: Coverage) -> Table:
    """Hit and total per metric, the score and the plain ratio, each named."""
    table = Table(box=None, pad_edge=False, show_header=False)
    # In a narrow terminal the bar gives way, and then words are folded: a number is never cut.
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for metric, tally in coverage.metrics.items():
        if tally.ratio is not None:
            _row(table, metric.value.replace("_", " "), tally.ratio, tally)
    if coverage.tally.ratio is not None:
        _row(table, "all points", coverage.tally.ratio, coverage.tally, style="dim")
    _row(table, "score", coverage.score, None, style="bold")
    return table


def instances_table(coverage: Coverage) -> Table | None:
    """Score per instance, least covered first; None where there is only the DUT itself."""
    parts = coverage.instances
    if len(parts) < 2:
        return None
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("instance", overflow="fold")
    table.add_column("module", overflow="fold")
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    worst = sorted(parts.items(), key=lambda item: item[1].score)
    for path, part in worst[:_INSTANCES]:
        table.add_row(path, part.module, percent(part.score), f"{part.tally.hit} / {part.tally.total}")
    if len(worst) > _INSTANCES:
        table.add_row(f"and {len(worst) - _INSTANCES} more, better covered", "", "", "", style="dim")
    return table


def targets_table(design: Design, coverage: Coverage) -> Table | None:
    """Targets and what came of them; None without targets."""
    if not design.targets:
        return None
    table = Table(box=None, pad_edge=False, show_header=False)
    for result in coverage.results(design.targets):
        where = result.target.instance or design.instance
        actual = "no points" if result.actual is None else f"{result.actual:.2f} %"
        verdict = Text("met", style="green") if result.met else Text("not met", style="red")
        table.add_row(
            "target", f"{result.target.metric} of {where}", f"{result.target.percent:g} %", actual, verdict
        )
    return table


def feedback_view(design: Design, feedback: Feedback) -> RenderableType:
    """Everything a person wants to know of one simulator call, but for the holes."""
    parts: list[RenderableType] = [status_line(feedback)]
    if feedback.coverage is not None:
        coverage = feedback.coverage
        tables = (coverage_table(coverage), targets_table(design, coverage), instances_table(coverage))
        for table in tables:
            if table is not None:
                parts += ["", table]
        parts.append("")
    return Group(*parts)


def status_line(feedback: Feedback) -> Text:
    """Status, simulator and seconds."""
    style = "bold green" if feedback.status is Status.SUCCESS else "bold red"
    line = Text.assemble((feedback.status.value.replace("_", " "), style))
    if feedback.simulator:
        line.append(f"  {feedback.simulator.name} {feedback.simulator.version}", style="dim")
    seconds = feedback.seconds
    line.append(
        f"  {seconds.total:.2f} s"
        f" (verilate {seconds.verilate:.2f}, compile {seconds.compile:.2f}, simulate {seconds.simulate:.2f})",
        style="dim",
    )
    if feedback.cached:
        line.append("  from the cache", style="dim")
    return line
