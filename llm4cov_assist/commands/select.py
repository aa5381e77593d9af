"""`llm4cov select`: which states a synthesis would repair."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from llm4cov_assist.console import data, print_json, talk
from llm4cov_assist.options import JsonOption
from llm4cov_assist.stages import GapOption, StrategyOption
from llm4cov_assist.stores import ProjectOption, SessionsArgument, StoreOption, opened
from llm4cov_engine import percent
from llm4cov_engine.synthesis import Choice, Strategy, chosen_states


def select(
    sessions: SessionsArgument = None,
    strategy: StrategyOption = Strategy.WORST,
    gap: GapOption = 10.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the lot, for uniform.")] = 1,
    project: ProjectOption = Path(),
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Choose among the states that were sampled from nothing, session by session.

    The published selection takes the state with the least coverage, one that failed, and the median where
    it is far from the least. States with full coverage have nothing to teach.
    """
    with opened(project, store) as stores:
        choices = [
            choice
            for each in stores
            for choice in chosen_states(
                each, tuple(sessions or ()), strategy=strategy, gap=gap / 100, seed=seed
            )
        ]
    if as_json:
        print_json([_document(choice) for choice in choices])
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("session", "design", "sampled", "round", "as", "status", "score"):
        table.add_column(name, justify="right" if name in ("sampled", "round", "score") else "left")
    for choice in choices:
        for chosen in choice.chosen:
            node = chosen.node
            status = node.status.value.replace("_", " ") if node.status else ""
            table.add_row(
                choice.session,
                choice.design,
                str(choice.sampled),
                str(node.number),
                chosen.why.value,
                status,
                percent(node.score),
            )
    if table.row_count:
        data.print(table)
    else:
        talk.print("No session has a state to repair: none was sampled from nothing, or all are covered.")


def _document(choice: Choice) -> dict[str, Any]:
    return {
        "session": choice.session,
        "design": choice.design,
        "sampled": choice.sampled,
        "chosen": [
            {
                "node": chosen.node.number,
                "why": chosen.why.value,
                "status": chosen.node.status.value if chosen.node.status else None,
                "score": round(chosen.node.score, 4),
            }
            for chosen in choice.chosen
        ],
    }
