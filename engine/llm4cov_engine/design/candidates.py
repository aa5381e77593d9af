"""Every module of a repository as something that could be verified by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm4cov_engine.design.patterns import RTL
from llm4cov_engine.design.shelf import FolderShelf
from llm4cov_engine.elaboration.records import Span

if TYPE_CHECKING:
    from pathlib import Path

_HEADERS = (".vh", ".svh")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A module that could be the DUT.

    Attributes:
        span: of the whole definition; its file is relative to the folder.
        is_top: whether it is one of those that no other module instantiates.
        instantiates: names of what it instantiates, sorted, without repeats.
    """

    module: str
    span: Span
    is_top: bool
    instantiates: tuple[str, ...] = ()


def candidates(folder: Path) -> tuple[Candidate, ...]:
    """The design modules declared below a folder: tops first, then by name. Blocks.

    Testbenches, checkers and vendors' cells are left out. Nothing is elaborated: a candidate may turn out to
    be no design when it is loaded with its name as the top.

    Raises:
        StorageError: the folder cannot be read.
    """
    # pyslang is loaded by what is needed here.
    from llm4cov_engine.design.assembly import Plan, surveyed
    from llm4cov_engine.design.role import Role
    from llm4cov_engine.design.survey import Surveyor

    shelf = FolderShelf(folder)
    plan = Plan(id=folder.name, shelf=shelf, sources=[name for name in shelf.names() if name.endswith(RTL)])
    selection = surveyed(plan, Surveyor(shelf, [], {}, everywhere=True))
    tops = set(selection.candidates())
    found: dict[str, Candidate] = {}
    for facts in selection.files:
        for each in facts.own:
            if facts.roles.get(each.name) is Role.DESIGN and each.has_ports:
                below = tuple(sorted(set(each.instantiates)))
                found.setdefault(each.name, Candidate(each.name, each.span, each.name in tops, below))
    return tuple(sorted(found.values(), key=lambda each: (not each.is_top, each.module)))


def rtl_files(folder: Path) -> tuple[str, ...]:
    """Names of the RTL files and headers below a folder, sorted, testbenches among them. Blocks.

    Raises:
        StorageError: the folder cannot be read.
    """
    return tuple(name for name in FolderShelf(folder).names() if name.endswith((*RTL, *_HEADERS)))
