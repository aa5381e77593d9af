"""What one round hit and another did not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.coverage import Coverage
from llm4cov_engine.coverage.holes import Hole, holes

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two coverages of one design, held against each other.

    Attributes:
        only_first: holes of the second that the first one hit, in part or whole.
        only_second: holes of the first that the second one hit, in part or whole.
    """

    first: Coverage
    second: Coverage
    only_first: tuple[Hole, ...]
    only_second: tuple[Hole, ...]


def compare(first: Coverage | None, second: Coverage | None, design: Design | None = None) -> Comparison:
    """Compare two coverages; None, of a round that measured nothing, hit nothing.

    Args:
        design: as for `holes`.
    """
    first, second = first or Coverage(()), second or Coverage(())
    return Comparison(first, second, _lacking(second, first, design), _lacking(first, second, design))


def _lacking(coverage: Coverage, other: Coverage, design: Design | None) -> tuple[Hole, ...]:
    """What `other` hit and `coverage` did not, as holes."""
    missed = other.identities - coverage.identities
    if not coverage.per_instance:
        # Nothing was measured: what the other one hit stands for itself, as if it had not.
        return holes(_unhit(other, missed), design)
    return holes(_only(coverage, missed), design)


def _only(coverage: Coverage, identities: frozenset[tuple[str, ...]]) -> Coverage:
    return Coverage(tuple(p for p in coverage.per_instance if p.identity in identities), coverage.path)


def _unhit(coverage: Coverage, identities: frozenset[tuple[str, ...]]) -> Coverage:
    kept = (replace(p, hits=0) for p in coverage.per_instance if p.identity in identities)
    return Coverage(tuple(kept), coverage.path)
