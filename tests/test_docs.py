"""What the documentation names is what there is, and what there is has a place in it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel
from textual.binding import Binding
from textual.widgets import TextArea
from typer.testing import CliRunner

from llm4cov_assist.app import app
from llm4cov_assist.tui.commands import COMMANDS, PALETTE_KEYS, key_name
from llm4cov_assist.tui.widgets.source_area import SourceArea
from llm4cov_lsp.options import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.widget import Widget

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
EXTENSION = ROOT / "lsp" / "vscode"

OF_THE_CLIENT = {"server.command", "server.interpreter", "trace.server"}
"""Settings of VS Code that never reach the server."""


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table whose header begins with a word."""
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith(f"| {heading} "))
    found = []
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return found


def test_every_command_option_and_setting_is_listed_as_it_is() -> None:
    script = DOCS / "reference.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_reference_has_every_option_that_help_shows() -> None:
    """The pages are made from signatures; this asks the command itself."""
    sections = re.split(r"^## llm4cov (.+)$", page("commands.md"), flags=re.MULTILINE)[1:]
    runner = CliRunner()
    for command, section in zip(sections[::2], sections[1::2], strict=True):
        done = runner.invoke(app, [*command.split(), "--help"], env={"COLUMNS": "400", "NO_COLOR": "1"})
        assert done.exit_code == 0, done.output
        # Options stand at the beginning of their rows; what follows is prose.
        shown = re.findall(r"^\W*(--[a-z][\w-]*)", done.output, flags=re.MULTILINE)
        listed = set(re.findall(r"--[a-z][\w-]*", section))
        assert shown
        assert set(shown) - {"--help"} <= listed, command


def test_the_guide_names_every_command() -> None:
    names = {str(each.name) for each in app.registered_commands}
    names |= {str(each.name) for each in app.registered_groups}
    said = "\n".join(" ".join(cells) for cells in rows(page("usage.md"), "command"))
    assert names == {word for word in names if re.search(rf"`(llm4cov )?{word}\b", said)}
    assert set(re.findall(r"`llm4cov (\w+)", said)) <= names


def test_the_architecture_names_every_room_and_no_other() -> None:
    text = page("architecture.md")
    engine = ROOT / "engine" / "llm4cov_engine"
    rooms = {each.name for each in engine.iterdir() if (each / "__init__.py").exists()}
    rooms |= {each.name for each in engine.glob("*.py") if each.name != "__init__.py"}
    named = {word.rstrip("/") for cells in rows(text, "where") for word in re.findall(r"`([^`]+)`", cells[0])}
    assert rooms <= {word.removeprefix("…/").removeprefix("engine/llm4cov_engine/") for word in named}
    # Every path, wherever it stands: whole, or below one of the rooms' folders.
    paths = {word.removeprefix("…/") for word in re.findall(r"`([\w…./]+(?:/|\.py|\.toml))`", text)}
    roots = (ROOT, engine, ROOT / "llm4cov_assist")
    assert {path for path in paths if not any((root / path).exists() for root in roots)} == {"llm4cov.toml"}


def keys_in(text: str) -> set[str]:
    return set(re.findall(r"\b(?:(?:Ctrl|Shift|Alt)\+)+(?:[A-Z][A-Za-z0-9]*|[\\/_])|\bF\d+\b", text))


def bound_in(widget: type[Widget]) -> Iterator[str]:
    for binding in widget.BINDINGS:
        keys = binding.key if isinstance(binding, Binding) else binding[0]
        yield from keys.split(",")


def test_the_guide_to_the_terminal_names_every_key_and_no_other() -> None:
    named = keys_in("\n".join(cells[0] for cells in rows(page("tui.md"), "keys")))
    commands = {key_name(key) for each in COMMANDS for key in each.keys} | set(map(key_name, PALETTE_KEYS))
    editing = {key_name(key) for owner in (TextArea, SourceArea) for key in bound_in(owner)}
    assert commands - named == set()
    assert named - commands - editing == set()
    assert keys_in(page("tui.md")) - commands - editing == set()


def options(model: BaseModel, path: str = "") -> Iterator[tuple[str, Any, tuple[Any, ...] | None]]:
    """Every setting of the language server by an editor's name for it, its default, its only values."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        here = f"{path}{field.alias}"
        if isinstance(value, BaseModel):
            yield from options(value, f"{here}.")
        else:
            yield here, value, get_args(field.annotation) if get_origin(field.annotation) is Literal else None


@pytest.fixture(scope="module")
def contributed() -> dict[str, dict[str, Any]]:
    """The settings that the VS Code extension declares, without those of the client alone."""
    package = json.loads((EXTENSION / "package.json").read_text("utf-8"))
    properties = package["contributes"]["configuration"]["properties"]
    named = {name.removeprefix("llm4cov."): each for name, each in properties.items()}
    assert named.keys() >= OF_THE_CLIENT
    return {name: each for name, each in named.items() if name not in OF_THE_CLIENT}


def test_the_extension_declares_the_settings_that_the_server_reads(
    contributed: dict[str, dict[str, Any]],
) -> None:
    declared = {
        name: (each["default"], tuple(each["enum"]) if "enum" in each else None)
        for name, each in contributed.items()
    }
    assert declared == {name: (default, values) for name, default, values in options(DEFAULTS)}


def test_the_guide_to_vs_code_names_every_setting(contributed: dict[str, dict[str, Any]]) -> None:
    named = set()
    for cells in rows(page("editors/vscode.md"), "setting"):
        first, *others = re.findall(r"`(?:llm4cov)?\.?([\w.]+)`", cells[0])
        named |= {first, *(f"{first.rpartition('.')[0]}.{other}" for other in others)}
    assert named == set(contributed)
