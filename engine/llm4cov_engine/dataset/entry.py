"""One design of a dataset, before anybody elaborates it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from llm4cov_engine.design.dataset import Row
from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.design.loading import load_row


@dataclass(frozen=True)
class Entry:
    """A row of a dataset, or a design that lies in a folder of them.

    Attributes:
        dataset: name of the dataset, without any path.
        line: of the row, from 1; for a design in a folder its place in the order of names.
        origin: what it was read from: a row, or a design that had to be loaded to be looked at.
    """

    dataset: str
    line: int
    origin: Row | Design

    @property
    def id(self) -> str:
        """Unique within the dataset."""
        return self.origin.id

    @cached_property
    def files(self) -> tuple[SourceFile, ...]:
        """RTL and headers, as they were found."""
        if isinstance(self.origin, Design):
            return (*self.origin.sources, *self.origin.headers)
        found = (*self.origin.rtl_files, *self.origin.include_files)
        return tuple(SourceFile(file.name, file.content) for file in found)

    @property
    def top(self) -> str:
        """The DUT's module; "" where the row leaves it to be found."""
        return self.origin.top

    @property
    def difficulty(self) -> str:
        """As the dataset calls it ("easy"); "" where it says nothing."""
        return "" if isinstance(self.origin, Design) else self.origin.difficulty

    @property
    def is_agentic(self) -> bool | None:
        """Whether the benchmark counts the task among its agentic ones; None where it says nothing."""
        return None if isinstance(self.origin, Design) else self.origin.is_agentic

    @property
    def tokens(self) -> int:
        """How many tokens its RTL has for a model, roughly."""
        from llm4cov_engine.policy.chat.completion import estimate

        return sum(estimate(file.text) for file in self.files)

    def design(self) -> Design:
        """The design, elaborated: the top found, the files it needs kept, the DUT instance named.

        Raises:
            DesignError: its RTL does not elaborate, or has several tops.
        """
        return self.origin if isinstance(self.origin, Design) else load_row(self.origin)


class SkipReason(StrEnum):
    """Why something in a dataset is not used."""

    BROKEN = "broken row"
    DUPLICATE = "repeated id"
    LEFT_OUT = "not asked for"
    SEVERAL_TOPS = "not one top module"
    TOO_LONG = "too long"
    NO_DESIGN = "does not elaborate"


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in a dataset that is not used.

    Attributes:
        line: as for `Entry`.
        why: in one clause.
        id: "" where the row is too broken to tell.
    """

    line: int
    reason: SkipReason
    why: str
    id: str = ""
