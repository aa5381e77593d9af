"""Write the pages that list every command and every setting: `python docs/reference.py`.

Both are made from what the program itself reads: the commands' signatures, and the schema of llm4cov.toml.
With `--check` nothing is written, and the exit status is 1 where a page says anything else.
"""

from __future__ import annotations

import argparse
import inspect
import sys
import types
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from typer.models import ArgumentInfo

from llm4cov_assist.app import app
from llm4cov_engine.settings.schema import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER = Path(__file__).resolve().parent

_HEAD = "Written by `python docs/reference.py`; a test holds it to the program.\n"


def commands_page() -> str:
    """Every command, with its arguments and options."""
    sections = [f"# Every command\n\n{_HEAD}\nWhat they are for is in [usage.md](usage.md).\n"]
    for name, carry_out in commands():
        rows = [f"| {_code(shown)} | {_cell(meaning)} |\n" for shown, meaning in _parameters(carry_out)]
        about = inspect.getdoc(carry_out) or ""
        table = "| argument or option | meaning |\n|---|---|\n" + "".join(rows) if rows else ""
        sections.append("\n".join(filter(None, (f"## llm4cov {name}\n", f"{about}\n", table))))
    return "\n".join(sections)


def commands() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Name of every command and what carries it out."""
    groups = [("", app), *((f"{each.name} ", each.typer_instance) for each in app.registered_groups)]
    for prefix, group in groups:
        for each in group.registered_commands if group is not None else ():
            if each.callback is not None:
                yield prefix + (each.name or each.callback.__name__), each.callback


def _parameters(carry_out: Callable[..., Any]) -> list[tuple[str, str]]:
    """How each parameter is written, and what it means; arguments first."""
    arguments, options = [], []
    defaults = inspect.signature(carry_out).parameters
    for name, hint in get_type_hints(carry_out, include_extras=True).items():
        if not hasattr(hint, "__metadata__"):
            continue
        kind, info = get_args(hint)[:2]
        meaning = f"{info.help or ''}{_preset(defaults[name].default)}"
        if isinstance(info, ArgumentInfo):
            arguments.append((info.metavar or name.upper(), meaning))
            continue
        # The first of an option's names stands where a default would without an annotation.
        names = ", ".join(each for each in (info.default, *(info.param_decls or ())) if isinstance(each, str))
        values = "" if kind is bool else info.metavar or _values(kind).removeprefix("list of ")
        options.append((f"{names or '--' + name.replace('_', '-')} {values}".strip(), meaning))
    return [*arguments, *options]


def _preset(default: Any) -> str:
    value = default.value if isinstance(default, Enum) else default
    is_worth_telling = isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""
    return f" Default: `{value}`." if is_worth_telling else ""


def settings_page() -> str:
    """Every key of llm4cov.toml."""
    head = (
        f"# Every setting\n\n{_HEAD}\nThe tables and keys of `llm4cov.toml`; "
        "[usage.md](usage.md) says where else a setting may come from.\n"
    )
    return "\n".join([head, *(_table(name, model) for name, model in tables(Settings))])


def tables(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Every table of the settings, and those inside of it, by name."""
    for name, field in model.model_fields.items():
        for inner in _models(field.annotation):
            here = f"{path}.{name}" if path else name
            yield here, inner
            yield from tables(inner, here)


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    else:
        for part in get_args(kind):
            yield from _models(part)


def _table(name: str, model: type[BaseModel]) -> str:
    rows = [
        f"| `{key}` | {_code(values)} | {_default(field.default)} | {_cell(field.description or '')} |\n"
        for key, field in model.model_fields.items()
        if (values := _values(field.annotation)) or not field.annotation
    ]
    about = inspect.getdoc(model) or ""
    return f"## [{name}]\n\n{about}\n\n| key | values | default | meaning |\n|---|---|---|---|\n" + "".join(
        rows
    )


_KINDS = {str: "text", int: "number", float: "number", bool: "true, false", Path: "path", datetime: "date"}


def _values(kind: Any) -> str:
    """What may be written; "" for a table of its own."""
    origin = get_origin(kind)
    if origin is Literal:
        return ", ".join(map(str, get_args(kind)))
    if origin in (Union, types.UnionType):
        return " or ".join(filter(None, map(_values, get_args(kind))))
    if origin in (tuple, list):
        entries = _values(get_args(kind)[0])
        return f"list of {entries}" if entries else "list of tables"
    if origin is dict:
        return "table"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(str(each.value) for each in kind)
    if hasattr(kind, "__metadata__"):
        return _values(get_args(kind)[0])
    return _KINDS.get(kind, "")


def _default(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"`{value}`" if isinstance(value, str | int | float) and value != "" else ""


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> int:
    """Write the pages, or compare them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    is_check = parser.parse_args().check
    stale = []
    for name, text in (("commands.md", commands_page()), ("settings.md", settings_page())):
        path = FOLDER / name
        if is_check and (not path.exists() or path.read_text("utf-8") != text):
            stale.append(name)
        elif not is_check:
            path.write_text(text, "utf-8")
    if stale:
        print(f"Stale: {', '.join(stale)}. Run `python docs/reference.py`.", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
