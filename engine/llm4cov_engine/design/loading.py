"""From what a user names to a `Design`."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.design.options import DesignOptions, macros

if TYPE_CHECKING:
    from llm4cov_engine.design.dataset import Row

_HEADERS = (".vh", ".svh", ".h", ".inc", ".hv", ".def")
"""Endings of files that are included rather than compiled."""


def load_row(row: Row, options: DesignOptions | None = None) -> Design:
    """The design of a dataset row.

    Raises:
        DesignError: its RTL does not elaborate.
    """
    from llm4cov_engine.design.assembly import Plan, assemble
    from llm4cov_engine.design.shelf import RowShelf

    options = options or DesignOptions()
    files = [SourceFile(file.name, file.content) for file in (*row.rtl_files, *row.include_files)]
    sources = [file.name for file in row.rtl_files if not file.name.endswith(_HEADERS)]
    plan = Plan(
        id=row.id,
        shelf=RowShelf(files),
        sources=sources,
        top=options.top or row.top,
        include_dirs=list(dict.fromkeys(posixpath.dirname(file.name) or "." for file in files)),
        defines=macros(row.defines) | macros(options.defines),
        parameters=dict(options.parameters),
    )
    return replace(
        assemble(plan),
        instance=options.instance or row.instance,
        specs=tuple(SourceFile(file.name, file.content) for file in row.spec_files),
        targets=tuple(target.target() for target in row.targets),
        instruction=row.instruction or "",
    )


def load(name: str | Path, options: DesignOptions | None = None) -> Design:
    from llm4cov_engine.design.dataset import find_row

    path, _, identity = str(name).partition("#")
    return load_row(find_row(Path(path), identity), options)
