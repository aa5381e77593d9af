"""A dataset read as a whole, with what was left out and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from llm4cov_engine.dataset.entry import Entry, Skipped, SkipReason
from llm4cov_engine.dataset.sources import entries, short_name
from llm4cov_engine.elaboration.syntax import DeclarationKind, declared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from llm4cov_engine.dataset.sources import HubOptions


@dataclass(frozen=True, slots=True)
class DatasetFilter:
    """Which designs of a dataset are wanted.

    Attributes:
        only: ids, or patterns of them such as "cvdp_copilot_*"; all when empty.
        single_top: leave out what names no top and does not have exactly one module that no other
            instantiates (paper, section 4); decided by syntax alone.
        most_tokens: leave out RTL with more tokens, by the estimate of `Entry.tokens`.
        most: at most so many designs, the first ones.
    """

    only: tuple[str, ...] = ()
    single_top: bool = True
    most_tokens: int | None = None
    most: int | None = None

    def objection(self, entry: Entry) -> Skipped | None:
        """Why an entry is not wanted; None for one that is."""
        if self.only and not any(entry.id == each or fnmatchcase(entry.id, each) for each in self.only):
            return Skipped(entry.line, SkipReason.LEFT_OUT, "its id fits no pattern", entry.id)
        if self.most_tokens is not None and entry.tokens > self.most_tokens:
            why = f"its RTL has some {entry.tokens:,} tokens, more than {self.most_tokens:,}"
            return Skipped(entry.line, SkipReason.TOO_LONG, why, entry.id)
        if self.single_top and not entry.top and len(found := tops(entry)) != 1:
            why = f"no module instantiates {', '.join(found)}" if found else "it declares no top module"
            return Skipped(entry.line, SkipReason.SEVERAL_TOPS, why, entry.id)
        return None


def tops(entry: Entry) -> tuple[str, ...]:
    """The modules of an entry that none of them instantiates, in order of appearance."""
    modules: dict[str, None] = {}
    used: set[str] = set()
    for file in entry.files:
        for each in declared(file.text, "rtl.sv"):
            if each.kind is DeclarationKind.MODULE:
                modules[each.name] = None
            used.update(name for name in each.instantiates if name != each.name)
    return tuple(name for name in modules if name not in used)


@dataclass(frozen=True, slots=True)
class DatasetReading:
    """What a dataset holds.

    Attributes:
        name: of the dataset, without folders.
        entries: what is wanted, in the dataset's order.
        skipped: what is not, each with its reason.
    """

    name: str
    entries: tuple[Entry, ...]
    skipped: tuple[Skipped, ...]

    @classmethod
    def of(cls, name: str | Path, found: Iterable[Entry | Skipped]) -> DatasetReading:
        """What was found in a dataset, apart."""
        everything = list(found)
        return cls(
            short_name(name),
            tuple(each for each in everything if isinstance(each, Entry)),
            tuple(each for each in everything if isinstance(each, Skipped)),
        )

    @property
    def skipped_by_reason(self) -> dict[SkipReason, int]:
        """How many were skipped, by reason, the most frequent first."""
        return dict(Counter(each.reason for each in self.skipped).most_common())


def filtered(
    found: Iterable[Entry | Skipped], wanted: DatasetFilter | None = None
) -> Iterator[Entry | Skipped]:
    """What is wanted of a stream of entries; the rest comes as skipped, each in its place."""
    wanted = wanted or DatasetFilter()
    kept = 0
    for each in found:
        if isinstance(each, Skipped):
            yield each
        elif (objection := wanted.objection(each)) is not None:
            yield objection
        elif wanted.most is not None and kept >= wanted.most:
            return
        else:
            kept += 1
            yield each


def read_dataset(
    name: str | Path, wanted: DatasetFilter | None = None, hub: HubOptions | None = None
) -> DatasetReading:
    """Read a dataset into memory.

    Args:
        name: see `sources.entries`.
        wanted: which designs; with a single top and of any length when left out.
        hub: which part of a dataset of the hub.

    Raises:
        NoDesignError, StorageError, ToolError, SettingsError: as `sources.entries` raises them. A dataset
            without a design raises nothing.
    """
    return DatasetReading.of(name, filtered(entries(name, hub), wanted))
