"""Which rounds of which sessions become training data."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.state import Author

if TYPE_CHECKING:
    from llm4cov_engine.session.node import Node

_TOLERANCE = 1e-9
"""Ratios this close are equal: they are quotients in floating point."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a round must be like; the defaults take every round.

    Attributes:
        authors: who may have proposed; empty for anybody.
        models: patterns of model names; empty for any, and for none.
        designs: patterns of design ids; empty for any.
        excluded: design ids that are left out, such as those a contamination check found.
        minimum_gain: in [-1, 1]; None for any.
        minimum_score: of the round's result, in [0, 1].
        statuses: how the round may have ended; empty for any way.
        since: recorded at this moment or later.
        until: recorded before this moment.
    """

    authors: tuple[Author, ...] = ()
    models: tuple[str, ...] = ()
    designs: tuple[str, ...] = ()
    excluded: frozenset[str] = frozenset()
    minimum_gain: float | None = None
    minimum_score: float = 0.0
    statuses: tuple[Status, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    def wants_design(self, design: str) -> bool:
        """Whether rounds of a design can be wanted at all."""
        if design in self.excluded:
            return False
        return not self.designs or any(fnmatchcase(design, pattern) for pattern in self.designs)

    def objection(self, node: Node) -> str:
        """Why the round that led to a node is not wanted, in a word or two; "" for a wanted one."""
        if self.authors and node.author not in self.authors:
            return "author"
        if self.models and not any(fnmatchcase(node.model, pattern) for pattern in self.models):
            return "model"
        if (self.since and node.created < self.since) or (self.until and node.created >= self.until):
            return "date"
        if self.statuses and node.status not in self.statuses:
            return "status"
        if node.score < self.minimum_score - _TOLERANCE:
            return "score"
        if self.minimum_gain is not None and node.gain < self.minimum_gain - _TOLERANCE:
            return "gain"
        return ""

    def document(self) -> dict[str, Any]:
        """As the manifest tells it: what was asked for and nothing else."""
        given = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if getattr(self, each.name) != each.default
        }
        if self.excluded:
            given["excluded"] = sorted(self.excluded)
        for name in ("since", "until"):
            if name in given:
                given[name] = given[name].isoformat()
        return given
