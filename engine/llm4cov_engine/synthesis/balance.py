"""Keeping short designs from crowding out the long ones (paper, section 4)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from llm4cov_engine.digest import digest

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORT = "short"
SEED = 42


@dataclass(frozen=True, slots=True)
class Balance:
    """How many rows of each length a dataset gets.

    Attributes:
        short_ratio: at most so many rows about short designs for each about a long one; None for no limit.
            Where there is no long one, all short ones stay.
        size: rows altogether; both lengths keep their shares, and rows are repeated where there are too
            few. None for as many as there are.
        seed: of the lot that decides which rows stay.
    """

    short_ratio: float | None = 1.0
    size: int | None = None
    seed: int = SEED

    def pick(self, labels: Sequence[str], keys: Sequence[str]) -> list[int]:
        """Which rows to take, by their places, in order; a place stands as often as its row is repeated.

        Args:
            labels: "short" or "long", row by row.
            keys: what tells the rows apart: the lot is drawn by them, not by places, so that one more row
                changes little.
        """
        lots = [digest((str(self.seed), key)) for key in _counted(keys)]
        groups: defaultdict[str, list[int]] = defaultdict(list)
        for place in sorted(range(len(labels)), key=lambda place: lots[place]):
            groups[labels[place]].append(place)
        longs = sum(len(places) for label, places in groups.items() if label != SHORT)
        if self.short_ratio is not None and longs:
            groups[SHORT] = groups[SHORT][: int(self.short_ratio * longs)]
        if self.size is not None:
            counts = {label: len(places) for label, places in sorted(groups.items()) if places}
            shares = _shares(counts, self.size)
            groups = defaultdict(list, {label: _resized(groups[label], shares[label]) for label in shares})
        return sorted(place for places in groups.values() for place in places)

    def document(self) -> dict[str, Any]:
        """As a manifest tells it."""
        return asdict(self)


def _counted(keys: Sequence[str]) -> list[str]:
    """Keys made different by how often they stood before."""
    seen: defaultdict[str, int] = defaultdict(int)
    counted = []
    for key in keys:
        seen[key] += 1
        counted.append(f"{key} {seen[key]}")
    return counted


def _shares(counts: dict[str, int], size: int) -> dict[str, int]:
    """A size divided in the proportion of some counts, by largest remainder."""
    total = sum(counts.values())
    if not total:
        return {}
    exact = {label: count * size / total for label, count in counts.items()}
    shares = {label: int(share) for label, share in exact.items()}
    by_remainder = sorted(exact, key=lambda label: (shares[label] - exact[label], label))
    for label in by_remainder[: size - sum(shares.values())]:
        shares[label] += 1
    return shares


def _resized(places: list[int], size: int) -> list[int]:
    whole, rest = divmod(size, len(places))
    return places * whole + places[:rest]
