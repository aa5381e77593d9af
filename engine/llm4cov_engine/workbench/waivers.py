"""Where a person's waivers are written, and the setting that names the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine.coverage import waiver_file
from llm4cov_engine.coverage.waivers import waiver_for
from llm4cov_engine.errors import SettingsError, StorageError
from llm4cov_engine.files import write_text
from llm4cov_engine.settings.loading import PROJECT_FILE, load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine.coverage.holes import Hole
    from llm4cov_engine.project import Project

FILE = "waivers.toml"


def waive(project: Project, hole: Hole, reason: str) -> Path:
    """Add the waiver of a hole to the project's waivers file; returns the file.

    Without one, `waivers.toml` is begun beside the project's llm4cov.toml, which is made to name it.

    Raises:
        SettingsError: there is no reason, no folder to keep waivers in, or a file that cannot be used.
        StorageError: a file cannot be read or written.
    """
    if not reason.strip():
        raise SettingsError(
            "A waiver needs a reason.", "Say in a few words why the point may stay uncovered."
        )
    path = project.settings.coverage.waivers
    if path is None:
        path = _begin(project)
    waiver_file.append(path, waiver_for(hole, reason.strip()))
    return path


def _begin(project: Project) -> Path:
    root = project.folder
    if root is None:
        raise SettingsError(
            "A row of a dataset has no folder to keep waivers in.", "Lay the design out in a folder first."
        )
    settings = root / PROJECT_FILE
    text = _read(settings)
    write_text(settings, _naming(text, FILE))
    # What was written must mean what was meant.
    load_settings(root)
    return root / FILE


def _naming(text: str, file: str) -> str:
    """The settings with `waivers` in their section [coverage]; everything else stays as it was written."""
    import tomlkit

    document = tomlkit.parse(text)
    if "coverage" not in document:
        document["coverage"] = tomlkit.table()
    section = document["coverage"]
    assert isinstance(section, dict)
    section["waivers"] = file
    return tomlkit.dumps(document)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{path} cannot be read.", "Check its rights and that it is UTF-8.") from error
