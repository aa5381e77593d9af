"""From files, environment and flags to checked settings."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from llm4cov_engine.errors import SettingsError
from llm4cov_engine.folders import user_settings_file
from llm4cov_engine.settings.schema import Settings
from llm4cov_engine.settings.source import Key, Source, from_environment, from_file, from_flags

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT_FILE = "llm4cov.toml"
"""Name of a project's settings file."""

_PATHS = (("coverage", "waivers"), ("policy", "prompts"), ("simulator", "verilator"))
"""Settings that name a file, relative to where they stand."""

_SECRETS = ("api_key", "key", "token", "secret", "password")


def load_settings(
    folder: Path | None = None,
    flags: Mapping[str, Mapping[str, Any]] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """The settings that hold for a project.

    Args:
        folder: of the project; its llm4cov.toml is read when there is one.
        flags: section to key to value, as given on the command line; None stands for not given.
        environment: of the process when left out.

    Raises:
        SettingsError: a key that does not exist, a value that does not fit, a file that is not TOML.
        StorageError: a file that is there and cannot be read.
    """
    files = [user_settings_file(), *([folder / PROJECT_FILE] if folder is not None else [])]
    sources = [from_file(path) for path in files if path.is_file()]
    sources.append(from_environment(os.environ if environment is None else environment))
    sources.append(from_flags(flags or {}))
    merged: dict[str, dict[str, Any]] = {}
    origins: dict[Key, Source] = {}
    for source in sources:
        _check_names(source)
        for section, table in source.values.items():
            for key, value in table.items():
                merged.setdefault(section, {})[key] = _resolved(source, (section, key), value)
                origins[section, key] = source
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        raise _misfit(error, origins) from error


def _check_names(source: Source) -> None:
    """Every name of a source must be one there is."""
    for section, table in source.values.items():
        known = Settings.model_fields.get(section)
        if known is None:
            raise _unknown(source, (section,), Settings)
        if not isinstance(table, dict):
            raise SettingsError(
                f"{source.where((section,))}: '{section}' is a section, not a value.",
                f"Write [{section}] on a line of its own, and its keys below.",
            )
        model = known.annotation
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        for key in table:
            if key not in model.model_fields:
                raise _unknown(source, (section, key), model)


def _unknown(source: Source, key: Key, model: type[BaseModel]) -> SettingsError:
    kind = "key" if len(key) > 1 else "section"
    what = f"{source.where(key)}: there is no {kind} '{'.'.join(key)}'."
    if key[-1].lower() in _SECRETS:
        return SettingsError(what, "Keys are no settings: give them in the environment (OPENAI_API_KEY).")
    if len(key) == 1:
        # A key outside of its section is a common slip.
        for section, field in Settings.model_fields.items():
            if key[0] in getattr(field.annotation, "model_fields", {}):
                return SettingsError(what, f"'{key[0]}' belongs under [{section}].")
    names = list(model.model_fields)
    near = difflib.get_close_matches(key[-1], names, n=1, cutoff=0.5)
    guess = f"Did you mean '{near[0]}'? " if near else ""
    return SettingsError(what, f"{guess}Known are: {', '.join(names)}.")


def _resolved(source: Source, key: Key, value: Any) -> Any:
    """A path relative to its file as an absolute one; a plain command name stays one, for PATH to find."""
    if key not in _PATHS or not isinstance(value, str | Path):
        return value
    path = Path(value).expanduser()
    if key == ("simulator", "verilator") and len(path.parts) == 1:
        return path
    return (source.folder or Path.cwd()) / path


def _misfit(error: ValidationError, origins: Mapping[Key, Source]) -> SettingsError:
    # Of the alternatives of a setting, the one that fits best fails deepest.
    errors = error.errors(include_url=False)
    first = max(errors, key=lambda each: (each["loc"][:2] == errors[0]["loc"][:2], len(each["loc"])))
    place = tuple(str(part) for part in first["loc"])
    source = origins.get(place[:2])
    where = source.where(place) if source is not None else "the settings"
    name = ".".join(place[:2])
    if first["type"] == "extra_forbidden":
        return SettingsError(f"{where}: there is no key '{place[-1]}' in '{name}'.", "Correct the key.")
    reason = first["msg"].removeprefix("Value error, ").rstrip(".?")
    return SettingsError(
        f"{where}: '{name}' cannot be {first['input']!r}: {reason[:1].lower()}{reason[1:]}.",
        "Correct the value.",
    )
