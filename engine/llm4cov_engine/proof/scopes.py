"""Where in a design's sources the statements, conditions and scopes are that coverage points speak of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.blocks import Place

if TYPE_CHECKING:
    from collections.abc import Set

Reach = tuple[str, int, int]
"""A file and the offsets of the first byte and of the one behind the last."""


@dataclass(frozen=True)
class Owner:
    """A statement or an item that an assertion can be put before.

    Attributes:
        is_item: it stands in a module or a generate block, not in procedural code.
        allowed: an assertion may stand before it; not in the frame that makes an asynchronous reset.
        header: of a loop that steps by itself, the names in its header.
    """

    reach: Reach
    is_item: bool
    allowed: bool
    is_loop: bool = False
    body_start: int = 0
    is_event_control: bool = False
    header: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Body:
    """What a line or branch point stands for; a missing `else` has the reach of its whole `if`.

    Attributes:
        then: of a missing else, the other branch.
        condition: of a branch, what holds before `statement`, the `if` itself, when it is taken.
    """

    reach: Reach
    is_missing_else: bool = False
    then: Reach | None = None
    allowed: bool = True
    condition: str = ""
    statement: Reach | None = None


@dataclass
class Scopes:
    """The places of one design.

    Attributes:
        bodies: by the place of the point that stands for them.
        owners: by file, statements and items; a nested one after the one around it.
        scopes: by file, modules and generate blocks, with the offset of their closing keyword.
        questions: by the place of the first value of a conditional operator, the conditions around it, its
            own, and the inversion of its own, as text.
        branches: the bodies of `if` statements.
        statements: before which an assertion may stand.
        blanks: keywords and attributes that promise something nobody holds the simulator to.
        claims: assertions and what belongs to them.
    """

    texts: dict[str, bytes]
    bodies: dict[Place, Body] = field(default_factory=dict)
    owners: dict[str, list[Owner]] = field(default_factory=dict)
    scopes: dict[str, list[tuple[int, int, int]]] = field(default_factory=dict)
    shut: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    questions: dict[Place, tuple[str, str, str]] = field(default_factory=dict)
    branches: set[Reach] = field(default_factory=set)
    statements: set[Reach] = field(default_factory=set)
    blanks: list[Reach] = field(default_factory=list)
    claims: list[Reach] = field(default_factory=list)
    _starts: dict[str, list[int]] = field(default_factory=dict)

    def offset(self, place: Place) -> int | None:
        """The offset of a line and column, both of which count from 1."""
        file, line, column = place
        if file not in self.texts:
            return None
        starts = self._starts.get(file)
        if starts is None:
            data = self.texts[file]
            starts = [0, *(at + 1 for at, byte in enumerate(data) if byte == 0x0A)]
            self._starts[file] = starts
        return starts[line - 1] + column - 1 if 0 < line <= len(starts) else None

    def owner(self, place: Place) -> Owner | None:
        """The innermost statement or item around a place."""
        offset = self.offset(place)
        if offset is None:
            return None
        found = None
        for owner in self.owners.get(place[0], ()):
            if owner.reach[1] <= offset < owner.reach[2] and (
                found is None or owner.reach[2] - owner.reach[1] <= found.reach[2] - found.reach[1]
            ):
                found = owner
        return found

    def hoists(self, place: Place, names: Set[str]) -> list[Owner] | None:
        """The statements around which the simulator may look at an expression; None where it cannot be told.

        Verilator 5.048 looks at the rows of an expression at the end of the branch of an `if`, the body of a
        loop, or the procedure that it stands in. So every statement counts from the innermost one out to
        that branch or the procedure.

        Args:
            names: that the expression reads.
        """
        offset = self.offset(place)
        if offset is None:
            return None
        around = [each for each in self.owners.get(place[0], ()) if each.reach[1] <= offset < each.reach[2]]
        around.sort(key=lambda owner: owner.reach[2] - owner.reach[1])
        if any(owner.header & names for owner in around):
            # In a loop the simulator looks after the step, when the variable is one further.
            return None
        found: list[Owner] = []
        for owner in around:
            if owner.is_event_control:
                break
            if not owner.allowed or (owner.is_loop and offset < owner.body_start and not found):
                return None
            found.append(owner)
            if owner.is_item or owner.reach in self.branches:
                break
        return found or None

    def closing(self, place: Place, *, inside: bool = False) -> int | None:
        """Where a declaration of the scope around a place can be put.

        Args:
            inside: whether the place may be inside of a routine or a block, whose own names are not seen.
        """
        offset = self.offset(place)
        if offset is None:
            return None
        if not inside and any(start <= offset < end for start, end in self.shut.get(place[0], ())):
            return None
        around = [each for each in self.scopes.get(place[0], ()) if each[0] <= offset < each[1]]
        return min(around, key=lambda each: each[1] - each[0])[2] if around else None
