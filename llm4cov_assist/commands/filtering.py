"""`llm4cov filter`: the rounds worth learning from, as a stage's dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llm4cov_assist import stages
from llm4cov_assist.advance import AdvanceBar
from llm4cov_assist.commands.export import AuthorOption, DesignOption, ExcludeOption, OutOption
from llm4cov_assist.console import print_json
from llm4cov_assist.options import JsonOption
from llm4cov_assist.stores import ProjectOption, SessionsArgument, StoreOption, opened
from llm4cov_engine import Selection, contaminated_ids
from llm4cov_engine.synthesis import build_stage


def filter_rounds(
    out: OutOption,
    sessions: SessionsArgument = None,
    stage: Annotated[
        int, typer.Option("--stage", min=0, max=2, help="0 also teaches to write from nothing.")
    ] = 0,
    author: AuthorOption = None,
    design: DesignOption = None,
    exclude: ExcludeOption = None,
    tau: stages.TauOption = 1.0,
    min_score: stages.MinimumScoreOption = None,
    per_design: stages.PerDesignOption = 1,
    short_ratio: stages.ShortRatioOption = 1.0,
    size: stages.SizeOption = None,
    format_: stages.FormatsOption = None,
    project: ProjectOption = Path(),
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep recorded rounds by coverage-guided rejection, the largest gain of each design.

    A round is kept when it gains at least tau and no metric falls, or when it mends a failure; a person's
    repairs count like a model's. Short designs are held back until the long ones weigh as much. The rows are
    those of `synth`; --store DIR/stageN filters a synthesis anew by other rules.
    """
    selection = Selection(
        authors=tuple(author or ()),
        designs=tuple(design or ()),
        excluded=contaminated_ids(exclude) if exclude is not None else frozenset(),
    )
    rules = stages.stage_rules(
        stage,
        tau=tau,
        min_score=min_score,
        per_design=per_design,
        short_ratio=short_ratio,
        size=size,
        formats=format_,
        selection=selection,
    )
    with opened(project, store) as stores, AdvanceBar() as bar:
        result = build_stage(stores, rules, out, bar, sessions=tuple(sessions or ()))
    if as_json:
        print_json(
            {
                "folder": str(out),
                "rows": result.rows,
                "rounds": result.rounds,
                "left_out": result.left_out,
            }
        )
        return
    stages.print_exported(result, out)
