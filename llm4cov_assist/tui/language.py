"""SystemVerilog for text areas: the grammar, and which of its tokens get which colour."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Query

COLOURED_UP_TO = 400_000
"""Characters of the longest text that is parsed for colours: about 0.1 s of a tree-sitter parse."""


@cache
def language() -> Language:
    """The tree-sitter grammar."""
    import tree_sitter_systemverilog
    from tree_sitter import Language

    return Language(tree_sitter_systemverilog.language())


@cache
def query() -> Query:
    """The query for what is coloured, prepared once for all text areas."""
    from tree_sitter import Query

    return Query(language(), Path(__file__).with_name("systemverilog.scm").read_text(encoding="utf-8"))
