"""Which modules could be the top, and which files a top needs, in an order that compiles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from llm4cov_engine.design.role import Role
from llm4cov_engine.design.survey import Facts, shared_folders
from llm4cov_engine.elaboration.refusal import is_vendor_cell
from llm4cov_engine.elaboration.syntax import DeclarationKind

if TYPE_CHECKING:
    from collections.abc import Iterable

_BORROWED_FOLDERS = {
    "3rdparty",
    "extern",
    "external",
    "third-party",
    "third_party",
    "thirdparty",
    "vendor",
    "vendors",
}
"""Folders of other people's RTL: it may be used, but is not what is to be verified."""

_VERIFYING_FOLDERS = {
    "bench",
    "benches",
    "dv",
    "sim",
    "sims",
    "simulation",
    "tb",
    "tbs",
    "test",
    "testbench",
    "testbenches",
    "tests",
    "verif",
    "verification",
}
"""Folders of what verifies: bus models and clock generators look like designs, but are none to verify."""


@dataclass(frozen=True)
class Selection:
    """The surveyed files of a design, and what is declared where.

    Attributes:
        files: in the order in which they were found or listed.
        libraries: names of files that only supply what the others lack.
        listed: whether somebody wrote the order down: the first declaration of a name then counts, as it
            does for simulators; otherwise the one nearest to its user.
    """

    files: tuple[Facts, ...]
    libraries: frozenset[str] = frozenset()
    listed: bool = False

    @cached_property
    def _places(self) -> dict[str, int]:
        return {facts.name: place for place, facts in enumerate(self.files)}

    @cached_property
    def providers(self) -> dict[str, list[Facts]]:
        """Name of a module, package or the like to the files that declare it."""
        found: dict[str, list[Facts]] = {}
        for facts in self.files:
            for name in dict.fromkeys(each.name for each in facts.declared):
                found.setdefault(name, []).append(facts)
        return found

    @cached_property
    def _used_by_name(self) -> dict[str, list[Facts]]:
        """Packages, interfaces and classes to the files whose own text declares them."""
        found: dict[str, list[Facts]] = {}
        for facts in self.files:
            for name in sorted(each.name for each in facts.own if each.kind in _USED_BY_NAME):
                found.setdefault(name, []).append(facts)
        return found

    @cached_property
    def unit_providers(self) -> dict[str, list[Facts]]:
        """Types, functions and constants outside of any module to the files that declare them."""
        found: dict[str, list[Facts]] = {}
        for facts in self.files:
            for name in sorted(facts.unit_names):
                found.setdefault(name, []).append(facts)
        return found

    @cached_property
    def _macros(self) -> dict[str, list[Facts]]:
        found: dict[str, list[Facts]] = {}
        for facts in self.files:
            for name in facts.macros_defined:
                found.setdefault(name, []).append(facts)
        return found

    def macro_providers(self, facts: Facts) -> tuple[Facts, ...]:
        """Files that define macros a file misses."""
        return tuple(
            dict.fromkeys(
                self._best(name, self._macros[name], facts)
                for name in sorted(facts.macros_missing & self._macros.keys())
                if facts not in self._macros[name]
            )
        )

    def candidates(self) -> tuple[str, ...]:
        """Modules that could be the top, sorted.

        Those of the design proper that no other module of it instantiates: no testbench or checker, and
        nothing from a library. Only where there is nothing else, and then in this order: what is borrowed,
        what stands beside testbenches, vendors' cells. Of what is left, modules without inputs and wrappers
        around vendors' cells count only when there are no others.
        """
        proper = [facts for facts in self.files if not _lies_in(facts, _VERIFYING_FOLDERS)]
        own = [facts for facts in proper if not _lies_in(facts, _BORROWED_FOLDERS)]
        for among, role, users in (
            (own, Role.DESIGN, proper),
            (proper, Role.DESIGN, proper),
            (self.files, Role.DESIGN, self.files),
            (self.files, Role.CELL, self.files),
        ):
            if roots := self._modules(among, role) - _instantiated(users):
                driven = {name for name in roots if not self._is_undriven(name)}
                names = sorted(driven or roots)
                return tuple(name for name in names if not self.vendor_cells(name)) or tuple(names)
        return ()

    def below(self, top: str) -> int:
        """How many modules of these files a module instantiates, directly and through others."""
        instantiates = {
            each.name: each.instantiates for facts in reversed(self.files) for each in facts.declared
        }
        found, left = {top}, [top]
        while left:
            for name in instantiates[left.pop()]:
                if name in instantiates and name not in found:
                    found.add(name)
                    left.append(name)
        return len(found) - 1

    def _modules(self, among: Iterable[Facts], role: Role) -> set[str]:
        """Modules of a role that files declare themselves, files of libraries left aside."""
        return {
            each.name
            for facts in among
            if facts.name not in self.libraries
            for each in facts.own
            if facts.roles.get(each.name) is role
        }

    def _is_undriven(self, name: str) -> bool:
        return name in self._best(name, self.providers[name]).undriven

    def vendor_cells(self, top: str) -> tuple[str, ...]:
        """Vendor's cells a module needs and nothing declares, sorted."""
        unmet = {name for facts in self.needed(top) for name in facts.instantiated - self.providers.keys()}
        return tuple(sorted(name for name in unmet if is_vendor_cell(name)))

    def needed(self, top: str, first: Iterable[Facts] = ()) -> tuple[Facts, ...]:
        """The files a module needs, its own included: what is used comes before what uses it.

        Args:
            first: files that come before all others, with what they need.
        """
        ordered: dict[Facts, None] = {}
        visiting: set[Facts] = set()

        def visit(facts: Facts) -> None:
            if facts not in visiting:
                visiting.add(facts)
                for other in self._uses(facts):
                    visit(other)
                ordered[facts] = None

        if (providers := self.providers.get(top)) is not None:
            for facts in first:
                visit(facts)
            visit(self._best(top, providers))
        # What a needed file includes is compiled with it.
        included = {name for facts in ordered for name in facts.includes}
        return tuple(facts for facts in ordered if facts.name not in included)

    def _uses(self, facts: Facts) -> Iterable[Facts]:
        """Files another one needs: macros first, then packages and the like, then modules."""
        found: dict[Facts, None] = dict.fromkeys(self.macro_providers(facts))
        declared = {each.name for each in facts.declared}
        for used, table in ((facts.used, self._used_by_name), (facts.instantiated, self.providers)):
            for name in sorted(used & table.keys() - declared):
                found[self._best(name, table[name], facts)] = None
        return found

    def _best(self, name: str, providers: list[Facts], user: Facts | None = None) -> Facts:
        """Of several files that declare a name, the one to take.

        A text of its own rather than one that includes it, no library's, a design's rather than a
        testbench's, then the first or the nearest.
        """

        def rank(facts: Facts) -> tuple[bool, bool, bool, int, int, int]:
            included = all(each.name != name for each in facts.own)
            role = facts.roles.get(name, Role.DESIGN)
            near = 0 if self.listed or user is None else -shared_folders(facts.name, user.name)
            depth = 0 if self.listed else facts.name.count("/")
            place = self._places[facts.name]
            return (included, facts.name in self.libraries, role is not Role.DESIGN, near, depth, place)

        return min(providers, key=rank)

    def repeated(self, taken: Iterable[Facts]) -> dict[str, tuple[str, ...]]:
        """Modules and the like that several files declare: name to the files' names, the taken one first."""
        found = {}
        for facts in taken:
            for each in facts.own:
                others = [
                    other.name
                    for other in self.providers[each.name]
                    if other is not facts and any(own.name == each.name for own in other.own)
                ]
                if others:
                    found[each.name] = (facts.name, *others)
        return found


_USED_BY_NAME = {DeclarationKind.PACKAGE, DeclarationKind.INTERFACE, DeclarationKind.CLASS}


def _lies_in(facts: Facts, folders: set[str]) -> bool:
    return not folders.isdisjoint(facts.name.lower().split("/")[:-1])


def _instantiated(files: Iterable[Facts]) -> set[str]:
    """Names that modules other than testbenches instantiate, themselves left aside, and all that is bound."""
    found: set[str] = set()
    for facts in files:
        for each in facts.declared:
            if facts.roles.get(each.name) is not Role.TESTBENCH:
                found.update(name for name in each.instantiates if name != each.name)
        # What `bind` instantiates stands in no declaration.
        inside = {name for each in facts.declared for name in each.instantiates}
        found |= facts.instantiated - inside
    return found
