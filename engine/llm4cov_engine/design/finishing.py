"""What a design gets once it elaborates: memory images, and notes about what may go wrong later."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING

from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.design.notes import some
from llm4cov_engine.elaboration.records import Severity
from llm4cov_engine.errors import DesignError, StorageError

if TYPE_CHECKING:
    from llm4cov_engine.design.shelf import Shelf
    from llm4cov_engine.elaboration.records import Elaboration

_MOST_COMPLAINTS = 3


def finished(design: Design, elaboration: Elaboration, shelf: Shelf) -> Design:
    """Add the memory images the RTL reads, and notes."""
    data, missing = _images(design, elaboration.reads, shelf)
    notes = list(design.notes)
    if missing:
        notes.append(f"The RTL reads {some(missing)}, which cannot be read here.")
    errors = [problem for problem in elaboration.problems if problem.severity is Severity.ERROR]
    notes += [f"Verilator may refuse this: {problem}." for problem in errors[:_MOST_COMPLAINTS]]
    if len(errors) > _MOST_COMPLAINTS:
        notes.append(f"{len(errors) - _MOST_COMPLAINTS} more complaints of this kind.")
    return replace(design, data=data, notes=tuple(notes))


def _images(design: Design, reads: tuple[str, ...], shelf: Shelf) -> tuple[tuple[SourceFile, ...], list[str]]:
    """Memory images under the names the RTL asks for, and the names of those that are not there."""
    data: dict[str, SourceFile] = {}
    missing = []
    for asked in reads:
        name = posixpath.normpath(asked)
        try:
            found = None if name.startswith(("../", "/")) else _find_image(shelf, design, name)
        except (DesignError, StorageError):
            found = None
        if found is None:
            missing.append(asked)
        else:
            data[name] = SourceFile(name, found.text)
    return tuple(data.values()), missing


def _find_image(shelf: Shelf, design: Design, name: str) -> SourceFile | None:
    """A memory image: below the root, beside a source, or wherever one file of that name lies."""
    folders = dict.fromkeys(["", *(posixpath.dirname(source.name) for source in design.sources)])
    for folder in folders:
        if (file := shelf.read(posixpath.join(folder, name))) is not None:
            return file
    ends = [each for each in shelf.names() if each.endswith("/" + posixpath.basename(name))]
    return shelf.read(ends[0]) if len(ends) == 1 else None
