"""`llm4cov contamination`: designs to train on that resemble those to be judged by."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from llm4cov_assist.advance import AdvanceBar
from llm4cov_assist.console import data, print_json, talk
from llm4cov_assist.options import JsonOption
from llm4cov_engine import (
    ContaminationRequest,
    HubOptions,
    Tokenization,
    check_contamination,
    write_clean,
)

_SHOWN = 20


def contamination(
    train: Annotated[
        str,
        typer.Argument(metavar="TRAIN", help="Dataset to check: .jsonl, .parquet, a folder, or OWNER/NAME."),
    ],
    against: Annotated[
        str, typer.Option("--against", metavar="DATASET", help="Dataset to be judged by, such as CVDP-ECov.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder for the report.")] = Path(
        "contamination"
    ),
    threshold: Annotated[
        float, typer.Option("--threshold", metavar="PCT", min=1, max=100, help="Similarity that counts.")
    ] = 50.0,
    tokens: Annotated[
        Tokenization,
        typer.Option("--tokens", help="whitespace: as published; words: as rouge-score has them."),
    ] = Tokenization.WHITESPACE,
    clean: Annotated[
        Path | None,
        typer.Option(
            "--clean", metavar="FILE", help="Write the usable rows of a .jsonl that are not contaminated."
        ),
    ] = None,
    split: Annotated[str, typer.Option("--split", help="Split of a training set of the hub.")] = "",
    against_split: Annotated[str, typer.Option("--against-split", help="Split of the other one.")] = "",
    jobs: Annotated[
        int | None, typer.Option("--jobs", metavar="N", min=1, help="Processes; without it, one per core.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare every file of a training set with every file to be judged by, and list what is too similar.

    The measure is ROUGE-L, the F-measure over the longest common subsequence of tokens, computed exactly.
    Stopped in whatever way, the same command goes on where it was. DIR/report.json holds every pair.
    """
    if clean is not None and not Path(train).is_file():
        raise typer.BadParameter("--clean copies rows of a .jsonl file, and the training set is none")
    request = ContaminationRequest(
        train,
        against,
        out,
        threshold=threshold / 100,
        tokens=tokens,
        jobs=jobs or os.cpu_count() or 1,
        hub=HubOptions(split=split),
        judged_hub=HubOptions(split=against_split),
    )
    try:
        with AdvanceBar() as bar:
            found = check_contamination(request, bar)
    except KeyboardInterrupt:
        talk.print("Stopped. What was compared is kept; the same command goes on.", style="bold")
        raise
    document = {**found.document, "report": str(out / "report.json")}
    if clean is not None:
        document["clean"] = {"file": str(clean), "rows": write_clean(Path(train), found.unfit, clean)}
    if as_json:
        print_json(document)
    else:
        _print(document)


def _print(document: dict[str, Any]) -> None:
    pairs = document["pairs"]
    data.print(
        f"{document['contaminated']} of {document['checked']} designs resemble one of {document['judged']} "
        f"by {document['threshold'] * 100:g} % or more",
        markup=False,
    )
    if pairs:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in ("train", "file", "judged", "its file", "ROUGE-L"):
            table.add_column(name, justify="right" if name == "ROUGE-L" else "left")
        for pair in pairs[:_SHOWN]:
            table.add_row(
                pair["train"],
                pair["file"],
                pair["judged"],
                pair["judged_file"],
                f"{pair['similarity'] * 100:.1f} %",
            )
        data.print(table)
    if len(pairs) > _SHOWN:
        talk.print(f"and {len(pairs) - _SHOWN} more pairs in {document['report']}", markup=False)
    for reason, count in document["skipped"].items():
        talk.print(f"skipped {count}: {reason}", markup=False, style="dim")
