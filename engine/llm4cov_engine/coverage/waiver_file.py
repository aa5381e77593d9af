"""Files of waivers.

A waivers file is TOML, one `[[waiver]]` table for each decision::

    [[waiver]]
    file = "rtl/ctrl.sv"        # a glob; a name without its folders will do
    line = 41                   # or lines = "41-48"
    instance = "dut.u_ctrl"     # a glob; takes in everything below; the last components will do
    module = "ctrl"             # a glob
    metric = "branch"           # or a list of metrics
    what = "else"               # as reports show it; a glob
    reason = "the error input is tied off on this chip"

Every key but `reason` may be left out, and at least one of them must be there.
"""

from __future__ import annotations

import json
import re
import tomllib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.coverage.target import COMPOSITES, metric_name
from llm4cov_engine.coverage.waivers import Waiver
from llm4cov_engine.errors import SettingsError, StorageError
from llm4cov_engine.files import write_text

if TYPE_CHECKING:
    from pathlib import Path

_KEYS = ("file", "line", "lines", "instance", "module", "metric", "what", "reason")
_REMEDY = (
    "Correct the waivers file; its keys are file, line, lines, instance, module, metric, what and reason."
)


def read(path: Path) -> tuple[Waiver, ...]:
    """Read a waivers file.

    Raises:
        SettingsError: it is no TOML, a key is unknown, or a waiver says nothing or gives no reason.
        StorageError: it cannot be read.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise StorageError(
            f"The waivers file {path} cannot be read: {why}.", "Check its path and rights."
        ) from error
    return parse(text, str(path))


def parse(text: str, name: str = "waivers.toml") -> tuple[Waiver, ...]:
    """Read the text of a waivers file; `name` is for messages. Raises as `read` does."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{name} is not valid TOML: {error}.", _REMEDY) from None
    headers = [number for number, line in enumerate(text.split("\n"), 1) if _HEADER.match(line)]
    for key in document:
        if key != "waiver":
            raise SettingsError(f"{name} has an unknown key `{key}`; did you mean `[[waiver]]`?", _REMEDY)
    entries = document.get("waiver", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SettingsError(f"`waiver` in {name} is not a list of tables.", _REMEDY)
    # Tables written inline, in one list, have no headers to take line numbers from.
    places = headers if len(headers) == len(entries) else [0] * len(entries)
    return tuple(
        _waiver(entry, f"{name}:{line}" if line else name)
        for entry, line in zip(entries, places, strict=True)
    )


_HEADER = re.compile(r"\s*\[\[\s*waiver\s*\]\]")


def _waiver(entry: dict[str, Any], place: str) -> Waiver:
    for key in entry:
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, n=1)
            hint = f"; did you mean `{near[0]}`?" if near else f"; there are {', '.join(_KEYS)}."
            raise SettingsError(f"The waiver at {place} has an unknown key `{key}`{hint}", _REMEDY)
    texts = {key: _text(entry, key, place) for key in ("file", "instance", "module", "what", "reason")}
    if not texts["reason"].strip():
        raise SettingsError(f"The waiver at {place} gives no reason.", "Write `reason = ...` into it.")
    waiver = Waiver(**texts, lines=_lines(entry, place), metrics=_metrics(entry, place), place=place)
    if not (waiver.lines or waiver.metrics or any(texts[key] for key in texts if key != "reason")):
        raise SettingsError(
            f"The waiver at {place} would waive everything.",
            "Say which file, instance, line or kind it is for.",
        )
    return waiver


def _text(entry: dict[str, Any], key: str, place: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str):
        raise SettingsError(f"`{key}` of the waiver at {place} is no text.", "Put it into quotes.")
    return value


def _lines(entry: dict[str, Any], place: str) -> tuple[int, int] | None:
    if "line" in entry and "lines" in entry:
        raise SettingsError(f"The waiver at {place} has both `line` and `lines`.", "Keep one of them.")
    value = entry.get("line", entry.get("lines"))
    if value is None:
        return None
    match = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", str(value))
    if match is None or isinstance(value, bool):
        raise SettingsError(
            f"`{value}` in the waiver at {place} is no line.", 'Write `line = 41` or `lines = "41-48"`.'
        )
    first, last = int(match.group(1)), int(match.group(2) or match.group(1))
    return min(first, last), max(first, last)


def _metrics(entry: dict[str, Any], place: str) -> tuple[Metric, ...]:
    value = entry.get("metric", [])
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SettingsError(f"`metric` of the waiver at {place} is no text.", "Put it into quotes.")
    metrics: list[Metric] = []
    for text in names:
        try:
            name = metric_name(text)
            metrics += COMPOSITES.get(name) or (Metric(name),)
        except ValueError:
            known = ", ".join(Metric)
            raise SettingsError(
                f"The waiver at {place} names a metric `{text}` that points cannot have.",
                f"Write one of {known}.",
            ) from None
    return tuple(dict.fromkeys(metrics))


def append(path: Path, waiver: Waiver) -> None:
    """Add a waiver at the end of a waivers file, whole or not at all; the file is made when missing.

    Raises:
        SettingsError: the file is there and is no waivers file.
        StorageError: it cannot be read or written.
    """
    text = ""
    if path.exists():
        read(path)
        text = path.read_text("utf-8").rstrip("\n")
    text = f"{text}\n\n{dumps(waiver)}" if text else dumps(waiver)
    write_text(path, text)


def dumps(waiver: Waiver) -> str:
    """A waiver as TOML."""
    out = ["[[waiver]]"]
    named = {"file": waiver.file, "instance": waiver.instance, "module": waiver.module}
    out += [f"{key} = {_quoted(value)}" for key, value in named.items() if value]
    if waiver.lines:
        first, last = waiver.lines
        out.append(f"line = {first}" if first == last else f'lines = "{first}-{last}"')
    if waiver.metrics:
        names = [_quoted(metric.value) for metric in waiver.metrics]
        out.append(f"metric = {names[0]}" if len(names) == 1 else f"metric = [{', '.join(names)}]")
    if waiver.what:
        out.append(f"what = {_quoted(waiver.what)}")
    out.append(f"reason = {_quoted(waiver.reason)}")
    return "\n".join(out) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, but for DEL, and lone surrogates have no place."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")
