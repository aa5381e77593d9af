"""What loading tells the user about its choices."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from llm4cov_engine.design.keywords import is_as_verilog
from llm4cov_engine.design.role import Role

if TYPE_CHECKING:
    from llm4cov_engine.design.selection import Selection
    from llm4cov_engine.design.survey import Facts

_SHOWN = 6
"""How many names a note lists before it only counts."""


def choice_notes(selection: Selection, top: str, kept: tuple[Facts, ...]) -> list[str]:
    """What was left out, and which of several declarations was taken."""
    included = {name for facts in kept for name in facts.includes}
    groups: dict[str, list[str]] = {}
    for facts in selection.files:
        if facts in kept or facts.name in included or facts.name in selection.libraries:
            continue
        role = file_role(facts)
        reason = _REASONS.get(role, f"not needed by {top}") if role else f"not needed by {top}"
        groups.setdefault(reason, []).append(facts.name)
    notes = [f"Left out, {reason}: {some(names)}." for reason, names in groups.items()]
    if older := [facts.name for facts in kept if is_as_verilog(facts.file)]:
        notes.append(f"Read as Verilog-2001, for names that are keywords of SystemVerilog: {some(older)}.")
    taken = selection.repeated(kept)
    repeated: dict[tuple[str, ...], list[str]] = {}
    for name, files in sorted(taken.items()):
        # Of two copies of a library, one note is enough.
        repeated.setdefault(tuple(posixpath.dirname(file) or "." for file in files), []).append(name)
    for folders, modules in repeated.items():
        if len(set(folders)) > 1:
            places = f"in {' and in '.join(dict.fromkeys(folders))}; those in {folders[0]} were taken"
        else:
            chosen = list(dict.fromkeys(taken[name][0] for name in modules))
            places = f"in several files; those in {some(chosen)} were taken"
        notes.append(f"Declared {places}: {some(modules)}.")
    return notes


_REASONS = {
    Role.TESTBENCH: "as testbenches",
    Role.CHECKER: "as formal or checker modules",
    Role.CELL: "as vendor cells",
}


def some(names: list[str]) -> str:
    """The first of several names, and how many more there are."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def file_role(facts: Facts) -> Role | None:
    """The one role of all modules a file declares, or DESIGN; None for a file without modules."""
    roles = {facts.roles[each.name] for each in facts.own if each.name in facts.roles}
    if not roles:
        return None
    return roles.pop() if len(roles) == 1 else Role.DESIGN
