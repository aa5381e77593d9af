"""From the rows of a dataset to what is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine.dataset.contamination.index import Document, NamedText
from llm4cov_engine.design.design import Design

if TYPE_CHECKING:
    from llm4cov_engine.dataset.entry import Entry


def document(entry: Entry) -> Document:
    """The texts of a design: RTL, headers and documents, as published."""
    origin = entry.origin
    if isinstance(origin, Design):
        specs = tuple(NamedText(file.name, file.text) for file in origin.specs)
    else:
        specs = tuple(NamedText(file.name, file.content) for file in origin.spec_files)
    rtl = tuple(NamedText(file.name, file.text) for file in entry.files)
    return Document(entry.id, entry.line, (*rtl, *specs))
