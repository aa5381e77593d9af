"""Where datasets come from: JSONL and Parquet files, folders of designs, the hub."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from llm4cov_engine.dataset.entry import Entry, Skipped, SkipReason
from llm4cov_engine.design.dataset import BrokenRow, Row, numbered_rows
from llm4cov_engine.design.loading import load
from llm4cov_engine.errors import DesignError, NoDesignError, SettingsError, StorageError
from llm4cov_engine.settings.loading import PROJECT_FILE, load_settings
from llm4cov_engine.settings.schema import DesignSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LINES = (".jsonl", ".ndjson")
PARQUET = ".parquet"
_DESIGNS = (".sv", ".v", ".f")
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_FORMS = "Name a .jsonl or .parquet file, a folder of designs, or OWNER/NAME of a dataset of the hub."


@dataclass(frozen=True, slots=True)
class HubOptions:
    """Which part of a dataset of the hub is meant; "" leaves it to the dataset.

    Attributes:
        split: such as "train"; needed where there are several.
        subset: also called its configuration; needed where there are several.
        revision: a commit, tag or branch.
    """

    split: str = ""
    subset: str = ""
    revision: str = ""


def entries(name: str | Path, hub: HubOptions | None = None) -> Iterator[Entry | Skipped]:
    """The designs of a dataset one by one, in its order, and in their places what cannot be used.

    Nothing is elaborated but designs in folders. Of rows with the same id the first one counts.

    Args:
        name: a .jsonl, .ndjson or .parquet file; a folder that holds a design per folder or file, or is one
            by its llm4cov.toml; OWNER/NAME of a dataset of the hub.
        hub: which part of a dataset of the hub.

    Raises:
        NoDesignError: there is no such dataset.
        StorageError: a file cannot be read.
        SettingsError: the settings of a folder cannot be used, or a part of a hub dataset must be chosen.
        ToolError: the libraries of the extra `hub` are missing, or the hub refuses.
    """
    first: dict[str, int] = {}
    for each in _all(str(name), hub or HubOptions()):
        if isinstance(each, Entry) and first.setdefault(each.id, each.line) != each.line:
            why = f"its id stands in row {first[each.id]} already"
            yield Skipped(each.line, SkipReason.DUPLICATE, why, each.id)
        else:
            yield each


def short_name(name: str | Path) -> str:
    """A dataset's name without the folders it lies in."""
    text = str(name)
    is_of_the_hub = _HUB_NAME.fullmatch(text) and not _local(text).exists()
    return text if is_of_the_hub else _local(text).name


def _all(name: str, hub: HubOptions) -> Iterator[Entry | Skipped]:
    path = _local(name)
    if path.is_dir():
        return _from_folder(path)
    if path.exists() and path.suffix in LINES:
        return _entries(numbered_rows(path), path.name)
    if path.exists() and path.suffix == PARQUET:
        from llm4cov_engine.dataset.hub_source import parquet_rows

        return _entries(parquet_rows(path), path.name)
    if not path.exists() and path.suffix not in (*LINES, PARQUET) and _HUB_NAME.fullmatch(name):
        from llm4cov_engine.dataset.hub_source import hub_rows

        return _entries(hub_rows(name, hub), name)
    raise NoDesignError(f"{path} is {'no dataset' if path.exists() else 'not there'}.", _FORMS)


def _local(name: str) -> Path:
    return Path(os.path.normpath(Path.cwd() / Path(name).expanduser()))


def _entries(found: Iterable[tuple[int, Row | BrokenRow]], dataset: str) -> Iterator[Entry | Skipped]:
    for number, row in found:
        if isinstance(row, BrokenRow):
            yield Skipped(number, SkipReason.BROKEN, row.reason)
        else:
            yield Entry(dataset, number, row)


def _from_folder(folder: Path) -> Iterator[Entry | Skipped]:
    """A design per folder or file in it, in the order of their names; or the one that the folder is."""
    found = [folder] if _is_design(folder) else [path for path in _listed(folder) if _may_be_design(path)]
    if not found:
        raise NoDesignError(f"{folder} holds no designs: no folder in it, and no .sv, .v or .f file.", _FORMS)
    for number, path in enumerate(found, start=1):
        try:
            design = load(path)
        except (DesignError, SettingsError, StorageError) as error:
            yield Skipped(number, SkipReason.NO_DESIGN, error.what, path.name)
        else:
            yield Entry(folder.name, number, replace(design, id=path.name))


def _is_design(folder: Path) -> bool:
    """Whether a folder's own settings say what its design is; others may be about all designs in it."""
    return (folder / PROJECT_FILE).is_file() and load_settings(folder).design != DesignSettings()


def _may_be_design(path: Path) -> bool:
    return not path.name.startswith(".") and (path.is_dir() or path.suffix in _DESIGNS)


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be read: {error.strerror or error}.", "Check that it is there and readable."
        ) from error
