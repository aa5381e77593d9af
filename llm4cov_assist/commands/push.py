"""`llm4cov push`: an export to the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llm4cov_assist.console import data, print_json, talk
from llm4cov_assist.options import JsonOption
from llm4cov_engine import pack, push_parcel


def push(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that `export` or `filter` wrote.")],
    repository: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="Dataset of the hub.")],
    really: Annotated[
        bool, typer.Option("--yes", help="Do it; without this, only say what would be done.")
    ] = False,
    public: Annotated[bool, typer.Option("--public", help="Make a new dataset public.")] = False,
    message: Annotated[str, typer.Option("-m", "--message", help="Message of the commit.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Give an export to the Hugging Face hub, or say what would be given.

    Nothing leaves the machine without --yes. The files must still be what their manifest says. The token is
    HF_TOKEN; HF_ENDPOINT names another hub. A new dataset is private unless --public says otherwise.
    """
    parcel = pack(folder)
    address = push_parcel(parcel, repository, private=not public, message=message) if really else None
    if as_json:
        print_json(
            {
                "repository": repository,
                "pushed": really,
                "address": address,
                "files": dict(parcel.files),
                "rows": dict(parcel.rows),
            }
        )
        return
    for name, size in parcel.files.items():
        data.print(f"{size:12,}  {name}", markup=False)
    rows = ", ".join(f"{count} {kind}" for kind, count in parcel.rows.items())
    if really:
        talk.print(f"{rows} rows are at {address}", markup=False)
    else:
        talk.print(f"{rows} rows would go to {repository}; --yes sends them.", markup=False)
