"""Options that say what becomes of a stage's rounds, shared by `synth` and `filter`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from llm4cov_assist.console import data, talk
from llm4cov_engine import ExportFormat
from llm4cov_engine.synthesis import Strategy

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine import Exported, Selection
    from llm4cov_engine.synthesis import StageRules

StageOption = Annotated[
    int,
    typer.Option(
        "--stage",
        min=0,
        max=2,
        help="0: warm-up, the teacher alone; 1: imitation; 2: self-sampling.",
    ),
]
StrategyOption = Annotated[
    Strategy, typer.Option("--select", help="Which states are repaired; all but worst are ablations.")
]
GapOption = Annotated[
    float,
    typer.Option(
        "--gap",
        metavar="PCT",
        min=0,
        max=100,
        help="Repair the median too when it is so far from the worst.",
    ),
]
TauOption = Annotated[
    float,
    typer.Option("--tau", metavar="PCT", min=0, max=100, help="Gain in coverage from which a round is kept."),
]
MinimumScoreOption = Annotated[
    float | None,
    typer.Option(
        "--min-score",
        metavar="PCT",
        min=0,
        max=100,
        help="Least coverage of a row; without it, 50 in stage 0.",
    ),
]
PerDesignOption = Annotated[
    int, typer.Option("--per-design", metavar="N", min=1, help="Rows of a kind per design, best first.")
]
ShortRatioOption = Annotated[
    float,
    typer.Option(
        "--short-ratio",
        metavar="R",
        help="At most R rows about short designs for each about a long one; below 0 for no limit.",
    ),
]
SizeOption = Annotated[
    int | None,
    typer.Option("--size", metavar="N", min=1, help="Rows altogether, repeated where there are too few."),
]
FormatsOption = Annotated[
    list[ExportFormat] | None,
    typer.Option(
        "--format", help="Format of the rows, the first one to train on; without it, llm4cov and trl."
    ),
]


def stage_rules(
    stage: int,
    *,
    tau: float,
    min_score: float | None,
    per_design: int,
    short_ratio: float,
    size: int | None,
    formats: list[ExportFormat] | None,
    selection: Selection | None = None,
) -> StageRules:
    """The rules of a stage, from the options above."""
    from llm4cov_engine.synthesis import Balance, StageRules

    chosen = tuple(dict.fromkeys(formats or (ExportFormat.LLM4COV, ExportFormat.TRL)))
    if ExportFormat.DPO in chosen:
        raise typer.BadParameter("pairs are no rows to imitate; `llm4cov export --format dpo` makes them")
    return StageRules.of(
        stage,
        tau=tau / 100,
        minimum_score=None if min_score is None else min_score / 100,
        per_design=per_design,
        balance=Balance(short_ratio=None if short_ratio < 0 else short_ratio, size=size),
        formats=chosen,
        **({} if selection is None else {"selection": selection}),
    )


def print_exported(result: Exported, out: Path) -> None:
    """Rows per format on stdout, what was left out on stderr."""
    for kind, rows in result.rows.items():
        data.print(f"{kind:12} {rows:6} rows  {out / f'{kind}.jsonl'}", markup=False)
    if result.left_out:
        reasons = ", ".join(f"{count} {reason}" for reason, count in result.left_out.items())
        talk.print(f"of {result.rounds} rounds left out: {reasons}", markup=False, style="dim")
