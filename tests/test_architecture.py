"""Who may import whom. The contracts themselves stand in pyproject.toml."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import grimp
import pytest

import llm4cov_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
FRONT_ENDS = {"llm4cov_assist": ROOT / "llm4cov_assist", "llm4cov_lsp": ROOT / "lsp" / "llm4cov_lsp"}
ENGINE = "llm4cov_engine"

FOREIGN = ("textual", "pygls", "lsprotocol", "openai")
SLOW = ("typer", "rich", "pyslang", "jinja2", "pydantic", "plumbum", "sqlite3", "asyncio")


def loaded_by(statement: str) -> set[str]:
    """Top-level names of the modules a fresh interpreter holds after a statement."""
    code = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_importing_the_engine_loads_nothing_heavy() -> None:
    assert not loaded_by("import llm4cov_engine") & {*FOREIGN, *SLOW}


def test_the_whole_engine_needs_no_user_interface() -> None:
    everything = f"from {ENGINE} import *; from {ENGINE} import elaboration, policy, session, simulator"
    assert not loaded_by(everything) & {*FOREIGN, "typer", "rich", "llm4cov_assist", "llm4cov_lsp"}


@pytest.mark.parametrize(
    ("front_end", "other"), [("llm4cov_assist", "llm4cov_lsp"), ("llm4cov_lsp", "llm4cov_assist")]
)
def test_a_front_end_does_not_load_the_other(front_end: str, other: str) -> None:
    assert other not in loaded_by(f"import {front_end}")


def test_nobody_inside_goes_through_the_front_door() -> None:
    """A room that imported the package's own public names would depend on every room."""
    assert not grimp.build_graph(ENGINE).find_modules_that_directly_import(ENGINE)


def imports_of_the_engine(folder: Path) -> Iterator[tuple[str, str, str]]:
    """(place, module, name) of every import of the engine below a folder; name "" for `import module`."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            place = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == ENGINE:
                yield from ((place, str(node.module), alias.name) for alias in node.names)
            elif isinstance(node, ast.Import):
                yield from (
                    (place, alias.name, "") for alias in node.names if alias.name.partition(".")[0] == ENGINE
                )


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_front_ends_use_public_names_only(front_end: str) -> None:
    public = set(llm4cov_engine.__all__)
    private = [
        f"{place}: {name or '-'} of {module}"
        for place, module, name in imports_of_the_engine(FRONT_ENDS[front_end])
        if not (module == ENGINE and name in public)
        and not (module.removeprefix(f"{ENGINE}.").partition(".")[0] in public and module != ENGINE)
    ]
    assert private == []
