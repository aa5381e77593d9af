"""`llm4cov export`: sessions as training data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from llm4cov_assist.advance import AdvanceBar
from llm4cov_assist.console import print_json, talk
from llm4cov_assist.options import JsonOption
from llm4cov_assist.stages import print_exported
from llm4cov_assist.stores import ProjectOption, SessionsArgument, StoreOption, opened
from llm4cov_engine import (
    Author,
    Exported,
    ExportFormat,
    ExportRequest,
    Rejection,
    Selection,
    Status,
    contaminated_ids,
    export_sessions,
)

FormatOption = Annotated[
    list[ExportFormat], typer.Option("--format", help="Format of the rows; may be given several times.")
]
OutOption = Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder for the files.")]
AuthorOption = Annotated[
    list[Author] | None, typer.Option("--author", help="Rounds of this author only; may be repeated.")
]
ModelOption = Annotated[
    list[str] | None, typer.Option("--model", metavar="PATTERN", help="Rounds of models named so.")
]
DesignOption = Annotated[
    list[str] | None,
    typer.Option("--design", metavar="PATTERN", help="Rounds about designs with such ids."),
]
ExcludeOption = Annotated[
    Path | None,
    typer.Option("--exclude", metavar="REPORT", help="Leave out what a report of `contamination` lists."),
]
MinimumGainOption = Annotated[
    float | None,
    typer.Option("--min-gain", metavar="PCT", min=-100, max=100, help="Least gain in coverage, in percent."),
]
MinimumScoreOption = Annotated[
    float, typer.Option("--min-score", metavar="PCT", min=0, max=100, help="Least coverage, in percent.")
]
StatusOption = Annotated[
    list[Status] | None, typer.Option("--status", help="Rounds that ended so; may be repeated.")
]
SinceOption = Annotated[
    datetime | None, typer.Option("--since", help="Rounds recorded at this moment or later (UTC).")
]
UntilOption = Annotated[datetime | None, typer.Option("--until", help="Rounds recorded before (UTC).")]
AllOption = Annotated[
    bool,
    typer.Option(
        "--all", help="Also rounds that gain nothing or lose a metric; transitions and dpo take them anyway."
    ),
]
TauOption = Annotated[
    float, typer.Option("--tau", metavar="PCT", min=0, max=100, help="Gain from which a round is kept.")
]
ContextOption = Annotated[
    int, typer.Option("--context-tokens", metavar="N", min=1, help="Most tokens of an example, roughly.")
]

_WHOLE_STORY = frozenset({ExportFormat.TRANSITIONS, ExportFormat.DPO})
"""Formats that are about the bad rounds as well."""


def export(
    format_: FormatOption,
    out: OutOption,
    sessions: SessionsArgument = None,
    author: AuthorOption = None,
    model: ModelOption = None,
    design: DesignOption = None,
    exclude: ExcludeOption = None,
    min_gain: MinimumGainOption = None,
    min_score: MinimumScoreOption = 0.0,
    status: StatusOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    everything: AllOption = False,
    tau: TauOption = 1.0,
    context_tokens: ContextOption = 32_768,
    project: ProjectOption = Path(),
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write recorded rounds as training data, with dataset_info.json and manifest.json beside them.

    A row's question is what a model is told in the state the round began from, its answer the testbench.
    Where nothing else is asked for, rows to imitate are made of rounds that gained coverage without losing
    any of a metric, or that mended a failure. Equal sessions give equal bytes. No key, absolute path, user
    or host name goes out.
    """
    selection = Selection(
        authors=tuple(author or ()),
        models=tuple(model or ()),
        designs=tuple(design or ()),
        excluded=contaminated_ids(exclude) if exclude is not None else frozenset(),
        minimum_gain=None if min_gain is None else min_gain / 100,
        minimum_score=min_score / 100,
        statuses=tuple(status or ()),
        since=_utc(since),
        until=_utc(until),
    )
    formats = tuple(dict.fromkeys(format_))
    guide = None if everything else Rejection(tau=tau / 100)
    wanted = ExportRequest(formats, tuple(sessions or ()), selection, context_tokens=context_tokens)
    with opened(project, store) as stores, AdvanceBar() as bar:
        results = [export_sessions(stores, each, out, bar) for each in _requests(wanted, guide)]
    if as_json:
        print_json(
            {
                "folder": str(out),
                "rows": {kind.value: _rows(results, kind) for kind in formats},
                "rounds": max(each.rounds for each in results),
                "left_out": {kind: each.left_out for each in results for kind in each.rows},
            }
        )
        return
    _print(results, out)


def _requests(wanted: ExportRequest, guide: Rejection | None) -> list[ExportRequest]:
    """What was asked for, the formats apart whose rows are to imitate and which a guide therefore chooses."""
    whole, guided = wanted, replace(wanted, formats=())
    if guide is not None:
        to_imitate = tuple(each for each in wanted.formats if each not in _WHOLE_STORY)
        whole = replace(wanted, formats=tuple(each for each in wanted.formats if each in _WHOLE_STORY))
        guided = replace(wanted, formats=to_imitate, object_to=guide.objection, rule="improving")
    return [each for each in (guided, whole) if each.formats]


def _rows(results: list[Exported], kind: ExportFormat) -> int:
    return next(each.rows[kind.value] for each in results if kind.value in each.rows)


def _print(results: list[Exported], out: Path) -> None:
    for result in results:
        print_exported(result, out)
    if not any(result.rounds for result in results):
        talk.print("No rounds are recorded here; --project or --store names another place.", markup=False)
    elif not any(rows for result in results for rows in result.rows.values()):
        talk.print("No round was good enough; --all takes every one with a testbench.", markup=False)


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
