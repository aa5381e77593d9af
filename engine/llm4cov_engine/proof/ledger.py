"""What is known of designs' points, kept by content: proofs found once are used ever after.

An entry belongs to a design and the versions of the tools that decided it. Two processes may add to it.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build.storage import locked, write_whole
from llm4cov_engine.digest import digest
from llm4cov_engine.folders import cache_folder
from llm4cov_engine.proof.records import Identity, Undecided, Unreachable, Verdict
from llm4cov_engine.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pydantic import TypeAdapter

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.proof.records import Verdicts

SCHEMA: Final = "10"
"""Changes whenever the model or its instrumentation does: proofs of an earlier one count for nothing."""


@dataclass(frozen=True)
class Entry:
    """What is known of one design.

    Attributes:
        verdicts: by the identity of a point of one instance.
        seconds: the most time that was ever given to points that stayed undecided.
        canaries: how many points that a simulation had reached the prover was tried on.
        void: why no proof of this design counts; "" when they do.
    """

    verdicts: dict[Identity, Verdict] = field(default_factory=dict)
    seconds: float = 0.0
    canaries: int = 0
    void: str = ""

    @property
    def proofs(self) -> dict[Identity, Unreachable]:
        """The points that no testbench can reach."""
        if self.void:
            return {}
        return {
            identity: verdict
            for identity, verdict in self.verdicts.items()
            if isinstance(verdict, Unreachable) and not verdict.needs_still_inputs
        }

    def needs(self, identity: Identity, seconds: float) -> bool:
        """Whether deciding a point anew, with so many seconds, could bring anything."""
        if self.void:
            return False
        verdict = self.verdicts.get(identity)
        if isinstance(verdict, Unreachable):
            return not verdict.is_firm
        return verdict is None or (
            isinstance(verdict, Undecided) and verdict.for_time and seconds > self.seconds
        )


@dataclass(frozen=True)
class _Stored:
    """An entry as JSON has it: no table has tuples for keys."""

    rows: list[tuple[tuple[str, ...], Verdict]]
    seconds: float
    canaries: int
    void: str


def look_up(design: Design) -> Entry:
    """What is known of a design; nothing where nothing can be read."""
    try:
        stored = _adapter().validate_json(zlib.decompress(path_of(design).read_bytes()))
    except (OSError, ValueError, zlib.error):
        return Entry()
    return Entry(dict(stored.rows), stored.seconds, stored.canaries, stored.void)


async def add(design: Design, verdicts: Verdicts, seconds: float) -> Entry:
    """Take in what was decided.

    Raises:
        StorageError: it cannot be written.
    """
    path = path_of(design)
    async with locked(path.with_suffix(".lock")):
        known = look_up(design)
        void = known.void or (verdicts.notes[0] if verdicts.violations and verdicts.notes else "")
        entry = Entry(
            {**known.verdicts, **_better(known, verdicts)},
            max(known.seconds, seconds),
            max(known.canaries, verdicts.canaries),
            void,
        )
        _write(path, entry)
    return entry


def _better(known: Entry, verdicts: Verdicts) -> dict[Identity, Verdict]:
    """What is new: a proof is not forgotten because a later try had less time."""
    return {
        identity: verdict
        for identity, verdict in verdicts.verdicts.items()
        if not (isinstance(verdict, Undecided) and isinstance(known.verdicts.get(identity), Unreachable))
    }


async def void(design: Design, reason: str) -> Entry:
    """Let no proof of a design count any more.

    Raises:
        StorageError: it cannot be written.
    """
    path = path_of(design)
    async with locked(path.with_suffix(".lock")):
        entry = replace(look_up(design), void=reason)
        _write(path, entry)
    return entry


def _write(path: Path, entry: Entry) -> None:
    stored = _Stored(list(entry.verdicts.items()), entry.seconds, entry.canaries, entry.void)
    write_whole(path, zlib.compress(_adapter().dump_json(stored), 3))


def path_of(design: Design) -> Path:
    """Where the entry of a design is kept."""
    key = digest([SCHEMA, design.digest, *versions()])
    return cache_folder() / "proofs" / key[:2] / f"{key}.z"


def versions() -> Iterable[str]:
    """Versions of everything a proof depends on."""
    yield __version__
    for name in ("pyosys", "pyslang"):
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"no {name}"


@cache
def _adapter() -> TypeAdapter[_Stored]:
    from pydantic import TypeAdapter

    return TypeAdapter(_Stored)
