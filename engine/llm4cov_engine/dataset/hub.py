"""Giving an export to the hub; the libraries for it are an optional extra."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm4cov_engine.dataset.export.manifest import DATASET_INFO, MANIFEST
from llm4cov_engine.dataset.export.rowfile import sha256_of
from llm4cov_engine.errors import SettingsError, StorageError, ToolError
from llm4cov_engine.version import __version__

CARD = "README.md"


@dataclass(frozen=True)
class Parcel:
    """What would be given to the hub.

    Attributes:
        folder: of the export.
        files: names and sizes in bytes, the card aside.
        rows: per format.
        card: text of the dataset's card: the folder's own README.md, else one made from the manifest.
    """

    folder: Path
    files: Mapping[str, int]
    rows: Mapping[str, int]
    card: str


def pack(folder: Path) -> Parcel:
    """Look through an export before anything leaves the machine.

    Raises:
        StorageError: it is no export, or its files are not what its manifest says.
    """
    entries = _manifest(folder)
    names: dict[str, str] = {
        name: file["sha256"] for entry in entries.values() for name, file in entry["files"].items()
    }
    for name, expected in names.items():
        if sha256_of(folder / name) != expected:
            raise StorageError(
                f"{folder / name} is not what {MANIFEST} says: it was changed, or it is not there.",
                "Export it again.",
            )
    listed = [*names, MANIFEST, *([DATASET_INFO] if (folder / DATASET_INFO).is_file() else [])]
    files = {name: (folder / name).stat().st_size for name in sorted(listed)}
    rows = {kind: int(entry["rows"]) for kind, entry in entries.items()}
    own = folder / CARD
    return Parcel(folder, files, rows, own.read_text("utf-8") if own.is_file() else _card(entries))


def push_parcel(
    parcel: Parcel, repository: str, *, private: bool = True, message: str = "", endpoint: str | None = None
) -> str:
    """Give an export to the hub as one commit; returns its address.

    The token is HF_TOKEN, or what the library's own login has stored.

    Args:
        repository: OWNER/NAME; made where it is not there yet.
        endpoint: of the hub; HF_ENDPOINT, else the public one, when left out.

    Raises:
        ToolError: the library is missing, or the hub refuses.
        SettingsError: the name is none.
    """
    if repository.count("/") != 1 or not all(repository.split("/")):
        raise SettingsError(f"'{repository}' names no dataset of the hub.", "Write OWNER/NAME.")
    try:
        from huggingface_hub import CommitOperationAdd, HfApi
    except ImportError as error:
        raise ToolError(
            "Giving datasets to the hub needs the library huggingface_hub, which is not installed.",
            "Install the extra: pip install 'llm4cov-assist[hub]'.",
        ) from error
    api = HfApi(endpoint=endpoint or os.environ.get("HF_ENDPOINT") or None)
    operations = [
        CommitOperationAdd(path_in_repo=name, path_or_fileobj=parcel.folder / name) for name in parcel.files
    ]
    operations.append(CommitOperationAdd(path_in_repo=CARD, path_or_fileobj=parcel.card.encode()))
    try:
        api.create_repo(repository, repo_type="dataset", private=private, exist_ok=True)
        done = api.create_commit(
            repository,
            operations,
            commit_message=message or f"Export of llm4cov-assist {__version__}",
            repo_type="dataset",
        )
    except Exception as error:
        # The library raises errors of its own and of whatever it speaks HTTP with.
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ToolError(
            f"The hub did not take {repository}: {first.rstrip('.')}.",
            "Check the name, the network and HF_TOKEN, which must be allowed to write.",
        ) from error
    return str(done.commit_url)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        entries = json.loads((folder / MANIFEST).read_text("utf-8"))
        if entries and all(entry["files"] and "rows" in entry for entry in entries.values()):
            return dict(entries)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    raise StorageError(
        f"{folder} holds no export: {MANIFEST} is missing or empty.", "Run `llm4cov export` first."
    )


def _card(entries: Mapping[str, Any]) -> str:
    """A card from the manifest: what a reader of the hub and its viewer need."""
    lines = ["---", "tags:", "- systemverilog", "- verification", "- coverage", "configs:"]
    for kind, entry in entries.items():
        if entry["rows"]:
            lines += [f"- config_name: {kind}", f"  data_files: {next(iter(entry['files']))}"]
    lines += ["---", "", "# Testbenches that raise coverage", ""]
    lines.append(
        "Rounds of coverage closure on Verilator, recorded and exported by llm4cov-assist in the manner of "
        "LLM4Cov (arXiv 2602.16953). manifest.json tells the filters, versions and checksums."
    )
    lines += ["", "| format | rows | authors | simulators |", "|---|---|---|---|"]
    for kind, entry in entries.items():
        authors, simulators = (", ".join(entry.get(name, ())) for name in ("authors", "simulators"))
        lines.append(f"| {kind} | {entry['rows']} | {authors} | {simulators} |")
    return "\n".join(lines) + "\n"
