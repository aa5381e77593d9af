"""What a dataset of designs holds: how many, how long, how many with one top."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llm4cov_engine.dataset.entry import Skipped
from llm4cov_engine.dataset.export.example import SHORT_TOKENS
from llm4cov_engine.dataset.progress import Advance, Tell, silent
from llm4cov_engine.dataset.reading import tops
from llm4cov_engine.dataset.sources import entries, short_name
from llm4cov_engine.dataset.statistics.figures import Bar, Distribution, doubling_bars
from llm4cov_engine.design.design import Design

if TYPE_CHECKING:
    from llm4cov_engine.dataset.entry import Entry
    from llm4cov_engine.dataset.sources import HubOptions


@dataclass
class DatasetStatistics:
    """Figures over the designs of a dataset.

    Attributes:
        tokens: of the RTL, design by design.
        single: the same of those with one top module.
        documented: designs with documents.
        skipped: what cannot be used, by reason.
    """

    name: str
    tokens: list[int] = field(default_factory=list)
    single: list[int] = field(default_factory=list)
    documented: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    def add(self, entry: Entry) -> None:
        """Take in a design."""
        size = entry.tokens
        self.tokens.append(size)
        if entry.top or len(tops(entry)) == 1:
            self.single.append(size)
        origin = entry.origin
        self.documented += bool(origin.specs if isinstance(origin, Design) else origin.spec_files)

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        short = [size for size in self.single if size <= SHORT_TOKENS]
        long = [size for size in self.single if size > SHORT_TOKENS]
        return {
            "dataset": self.name,
            "designs": len(self.tokens),
            "with_documents": self.documented,
            "skipped": dict(self.skipped),
            "rtl_tokens": Distribution.of(self.tokens).document(1),
            "single_top": {
                "designs": len(self.single),
                "rtl_tokens": Distribution.of(self.single).document(1),
                "short": Distribution.of(short).document(1),
                "long": Distribution.of(long).document(1),
            },
        }

    def plots(self) -> dict[str, list[Bar]]:
        """Titles and bars."""
        return {
            "RTL tokens per design": doubling_bars(self.tokens),
            "RTL tokens per design with one top module": doubling_bars(self.single),
        }


def dataset_statistics(name: str, hub: HubOptions | None = None, tell: Tell = silent) -> DatasetStatistics:
    """Figures over a dataset; see `dataset.sources.entries`.

    Raises:
        NoDesignError: there is no such dataset.
        StorageError, ToolError: it cannot be read.
    """
    statistics = DatasetStatistics(short_name(name))
    for number, each in enumerate(entries(name, hub), 1):
        if isinstance(each, Skipped):
            statistics.skipped[each.reason.value] += 1
        else:
            statistics.add(each)
        tell(Advance("designs", number, 0))
    return statistics
