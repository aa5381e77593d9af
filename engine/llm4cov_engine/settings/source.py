"""One place settings come from, and where in it each of them stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm4cov_engine.errors import SettingsError, StorageError
from llm4cov_engine.settings.schema import Settings

Key = tuple[str, ...]
"""Path of a setting: ("simulator", "timeout")."""


@dataclass(frozen=True)
class Source:
    """Settings as they stand somewhere.

    Attributes:
        values: sections, key to value, unchecked.
        where: says for a key where it stands, as the beginning of a sentence ("llm4cov.toml:3").
        folder: relative paths among the values are relative to it; None for the current folder.
    """

    values: Mapping[str, Any]
    where: Callable[[Key], str]
    folder: Path | None = None


def from_file(path: Path) -> Source:
    """The settings of a TOML file.

    Raises:
        StorageError: it cannot be read.
        SettingsError: it is not TOML.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        values = tomllib.loads(text)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read: {error.strerror or error}.", "Check that it is there and readable."
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not written in UTF-8.", "Save it in UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        what = re.sub(r"\s*\(at .*\)$", "", str(error))
        line = re.search(r"at line (\d+)", str(error))
        place = f"{path}:{line[1] if line else text.count(chr(10)) + 1}"
        raise SettingsError(f"{place}: this is not TOML: {what}.", "Correct the line.") from error
    return Source(values, lambda key: f"{path}:{line_of(text, key)}", path.parent)


def line_of(text: str, key: Key) -> int:
    """The line, from 1, on which a key of a TOML text stands; of its nearest parent when it has none."""
    best, length = 1, 0
    table: Key = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            here = table = _parts(header[1])
        elif entry := _ENTRY.match(line):
            here = (*table, *_parts(entry[1]))
        else:
            continue
        if length < len(here) and here == key[: len(here)]:
            best, length = number, len(here)
    return best


_HEADER = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]")
_ENTRY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")


def _parts(dotted: str) -> Key:
    return tuple(part.strip(" \t\"'") for part in re.findall(r""""[^"]*"|'[^']*'|[^.]+""", dotted))


_VARIABLES = {"OPENAI_BASE_URL": ("policy", "base_url"), "LLM4COV_MODEL": ("policy", "model")}
"""Variables of other programs' and shorter names, weaker than the systematic ones."""

_PREFIX = "LLM4COV_"


def from_environment(environment: Mapping[str, str]) -> Source:
    """The settings of environment variables: LLM4COV_<SECTION>_<KEY>, and two shorter names.

    A value that is no text is written as in TOML; a list may be separated by commas instead.
    """
    values: dict[str, dict[str, Any]] = {}
    names: dict[Key, str] = {}
    sections = {f"{_PREFIX}{section.upper()}_": section for section in Settings.model_fields}
    found = {name: key for name, key in _VARIABLES.items() if environment.get(name)}
    for name in sorted(environment):
        for prefix, section in sections.items():
            if name.startswith(prefix) and environment[name]:
                found[name] = (section, name[len(prefix) :].lower())
    for name, (section, key) in found.items():
        values.setdefault(section, {})[key] = _value(section, key, environment[name])
        names[section, key] = name
    return Source(values, lambda key: names.get(key[:2], "the environment"))


def _value(section: str, key: str, text: str) -> Any:
    model = Settings.model_fields[section].annotation
    field = getattr(model, "model_fields", {}).get(key)
    if field is None or field.annotation is str:
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        is_list = "tuple" in str(field.annotation) or "dict" in str(field.annotation)
        return [part.strip() for part in text.split(",")] if is_list else text


def from_flags(flags: Mapping[str, Mapping[str, Any]]) -> Source:
    """The settings of command-line options; None stands for an option that was not given."""
    values = {
        section: {key: value for key, value in table.items() if value is not None}
        for section, table in flags.items()
    }
    # A flag stands for a section's key; what follows it in a place is an element of its value.
    return Source(values, lambda key: f"--{key[1].replace('_', '-')}" if len(key) > 1 else "the command line")
