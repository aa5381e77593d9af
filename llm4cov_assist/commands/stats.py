"""`llm4cov stats`: what sessions or a dataset hold, in figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from llm4cov_assist.advance import AdvanceBar
from llm4cov_assist.console import data, print_json, talk
from llm4cov_assist.options import JsonOption, RevisionOption, SplitOption, SubsetOption
from llm4cov_assist.stores import ProjectOption, SessionsArgument, StoreOption, opened
from llm4cov_engine import (
    HubOptions,
    dataset_statistics,
    session_statistics,
    statistics_page,
    write_text,
)

_SHARES = ("authors", "models")
"""Figures that are tables of their own."""


def stats(
    sessions: SessionsArgument = None,
    dataset: Annotated[
        str | None,
        typer.Option("--dataset", metavar="DATASET", help="Lengths of a dataset of designs instead."),
    ] = None,
    split: SplitOption = "",
    subset: SubsetOption = "",
    revision: RevisionOption = "",
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with plots.")
    ] = None,
    project: ProjectOption = Path(),
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count rounds, gains, authors and lengths of recorded sessions, or the lengths of a dataset."""
    with AdvanceBar() as bar:
        if dataset is not None:
            about = dataset_statistics(dataset, HubOptions(split, subset, revision), bar)
            title, document, plots = f"Designs of {about.name}", about.document(), about.plots()
        else:
            with opened(project, store) as stores:
                found = session_statistics(stores, tuple(sessions or ()), bar)
            title, document, plots = "Recorded sessions", found.document(), found.plots()
    if html is not None:
        write_text(html, statistics_page(title, document, plots))
        talk.print(f"wrote {html}", markup=False, style="dim")
    if as_json:
        print_json(document)
    else:
        _print(document)


def _print(document: dict[str, Any]) -> None:
    facts = Table(box=None, pad_edge=False, show_header=False)
    figures = Table(box=None, pad_edge=False, header_style="dim")
    figures.add_column("")
    for name in ("count", "min", "q1", "median", "q3", "max", "mean"):
        figures.add_column(name, justify="right")
    for path, value in _leaves({name: each for name, each in document.items() if name not in _SHARES}):
        if isinstance(value, dict):
            figures.add_row(path, *(f"{each:,.10g}" for each in value.values()))
        else:
            facts.add_row(path, f"{value:,}" if isinstance(value, int) else str(value))
    data.print(facts)
    if figures.row_count:
        data.print()
        data.print(figures)
    for name in _SHARES:
        if document.get(name):
            data.print()
            data.print(_shares(name, document[name]))


def _shares(name: str, shares: dict[str, dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    columns = ("rounds", "gained", "mended", "failed", "tokens")
    table.add_column(name)
    for column in (*columns, "mean gain"):
        table.add_column(column, justify="right")
    for who, share in shares.items():
        gain = f"{share['gain']['mean'] * 100:+.1f}"
        table.add_row(who, *(f"{share[column]:,}" for column in columns), gain)
    return table


def _leaves(document: dict[str, Any], above: str = "") -> list[tuple[str, Any]]:
    """Figures and distributions with their paths in words; lists are for the page."""
    found: list[tuple[str, Any]] = []
    for name, value in document.items():
        path = f"{above} {name.replace('_', ' ')}".strip()
        if isinstance(value, dict) and "q1" not in value:
            found += _leaves(value, path)
        elif not isinstance(value, list):
            found.append((path, value))
    return found
