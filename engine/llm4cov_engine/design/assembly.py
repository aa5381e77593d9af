"""From named source files to a design: what to keep, which top, which headers and data."""

from __future__ import annotations

import difflib
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.design.finishing import finished
from llm4cov_engine.design.notes import choice_notes, file_role
from llm4cov_engine.design.role import Role
from llm4cov_engine.design.selection import Selection
from llm4cov_engine.design.shelf import Shelf
from llm4cov_engine.design.survey import Facts, Surveyor
from llm4cov_engine.elaboration import elaborate
from llm4cov_engine.elaboration.lookup import undeclared_names
from llm4cov_engine.errors import (
    AmbiguousTopError,
    DesignError,
    ElaborationError,
    NoDesignError,
    StorageError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_CANDIDATES = 40
"""How many candidate tops an error lists."""


@dataclass
class Plan:
    """What is known before any file is looked into.

    Attributes:
        id: the design's short name.
        shelf: where files come from.
        sources: names of the RTL files, in the order in which they were found or listed.
        listed: whether somebody chose the files; otherwise only what the top needs is kept.
        top: the top's name, "" to find it.
        include_dirs: folders of headers, relative to the root.
        defines: macros.
        parameters: overrides of the top's parameters.
        libraries: names of files that only supply missing modules (-v).
        library_dirs: folders in which a missing module is looked for by its name (-y).
        library_extensions: with the dot, tried in order (+libext+).
        tops_from: names of the files a top may come from; () for all sources.
        notes: what has been left out or assumed so far.
    """

    id: str
    shelf: Shelf
    sources: Sequence[str]
    listed: bool = False
    top: str = ""
    include_dirs: list[str] = field(default_factory=list)
    defines: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    libraries: Sequence[str] = ()
    library_dirs: Sequence[str] = ()
    library_extensions: Sequence[str] = (".v", ".sv")
    tops_from: Sequence[str] = ()
    notes: list[str] = field(default_factory=list)


def assemble(plan: Plan) -> Design:
    """Choose the top and the files it needs, and check that they elaborate.

    Raises:
        NoDesignError: nothing could be the top.
        AmbiguousTopError: several modules could.
        ElaborationError: the top's files do not compile.
    """
    surveyor = Surveyor(plan.shelf, list(plan.include_dirs), plan.defines, everywhere=not plan.listed)
    selection = surveyed(plan, surveyor)
    top = plan.top or _only_candidate(plan, selection)
    selection = _complete(plan, surveyor, selection, top)
    if not (needed := selection.needed(top)):
        raise _unknown_top(plan, selection, top)
    needed = _with_unit_names(plan, surveyor, selection, top, needed)
    orders = [needed, _parents_first(needed)]
    if plan.listed:
        orders = [_listed(selection, needed), needed]
    first_error: ElaborationError | None = None
    for kept in orders:
        design = _design(plan, surveyor, selection, top, kept)
        try:
            return finished(design, elaborate(design), plan.shelf)
        except ElaborationError as error:
            # Something listed may be broken that the top does not need, or macros that one file leaves to
            # the next may ask for another order.
            first_error = first_error or error
    assert first_error is not None
    raise first_error


def _with_unit_names(
    plan: Plan, surveyor: Surveyor, selection: Selection, top: str, needed: tuple[Facts, ...]
) -> tuple[Facts, ...]:
    """Add the files that declare, outside of any module, what the needed ones use."""
    first: dict[Facts, None] = {}
    while selection.unit_providers.keys() - {name for facts in needed for name in facts.unit_names}:
        missing = undeclared_names(_design(plan, surveyor, selection, top, needed))
        found = [
            selection.unit_providers[name][0] for name in sorted(missing & selection.unit_providers.keys())
        ]
        if not (new := [facts for facts in found if facts not in needed]):
            break
        first |= dict.fromkeys(new)
        needed = selection.needed(top, first)
    return needed


def _parents_first(needed: tuple[Facts, ...]) -> tuple[Facts, ...]:
    """Modules in the opposite order, after everything that is no module."""
    modules = [facts for facts in needed if facts.roles]
    return (*(facts for facts in needed if not facts.roles), *reversed(modules))


def surveyed(plan: Plan, surveyor: Surveyor) -> Selection:
    """Survey all files, and those that miss macros once more after the files that define them."""
    files: dict[str, Facts] = {}
    for name in (*plan.sources, *plan.libraries):
        if name not in files and (facts := _facts(plan, surveyor, name)) is not None:
            files[name] = facts
    selection = _selection(plan, files.values())
    for facts in list(files.values()):
        if before := selection.macro_providers(facts):
            files[facts.name] = replace(
                surveyor.survey(facts.file, [each.file for each in before]),
                macros_missing=facts.macros_missing,
            )
    return _selection(plan, files.values())


def _facts(plan: Plan, surveyor: Surveyor, name: str) -> Facts | None:
    try:
        source = plan.shelf.read(name)
    except (DesignError, StorageError) as error:
        if plan.listed:
            raise
        plan.notes.append(f"Left out: {error.what}")
        return None
    if source is None:
        if plan.listed:
            raise NoDesignError(f"{name} is not there.", "Correct the list of files.")
        plan.notes.append(f"Left out: {name} is no file any more.")
        return None
    return surveyor.survey(source)


def _selection(plan: Plan, files: Iterable[Facts]) -> Selection:
    return Selection(tuple(files), frozenset(plan.libraries) - set(plan.sources), plan.listed)


def _complete(plan: Plan, surveyor: Surveyor, selection: Selection, top: str) -> Selection:
    """Add files from library folders until nothing is missing that they hold."""
    tried: set[str] = set()
    while True:
        wanted = {
            name
            for facts in selection.needed(top)
            for name in facts.instantiated | facts.used
            if name not in selection.providers and name not in tried
        }
        tried |= wanted
        found = [file for name in sorted(wanted) if (file := _library_file(plan, name)) is not None]
        if not found:
            return selection
        added = tuple(surveyor.survey(file) for file in found)
        libraries = selection.libraries | {file.name for file in found}
        selection = replace(selection, files=selection.files + added, libraries=libraries)


def _library_file(plan: Plan, name: str) -> SourceFile | None:
    for folder in plan.library_dirs:
        for extension in plan.library_extensions:
            if (file := plan.shelf.read(posixpath.join(folder, name + extension))) is not None:
                return file
    return None


def _only_candidate(plan: Plan, selection: Selection) -> str:
    candidates = selection.candidates()
    if plan.tops_from:
        here = {each.name for facts in selection.files if facts.name in plan.tops_from for each in facts.own}
        candidates = tuple(name for name in candidates if name in here)
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        below = {name: selection.below(name) for name in candidates}
        # What has most below it is most likely meant, and must not be cut off.
        candidates = tuple(sorted(candidates, key=lambda name: (-below[name], name)))
        shown = ", ".join(candidates[:_MOST_CANDIDATES])
        more = len(candidates) - _MOST_CANDIDATES
        raise AmbiguousTopError(
            f"{plan.id} has {len(candidates)} modules that no other instantiates: {shown}"
            + (f" and {more} more." if more > 0 else "."),
            "Choose one with --top."
            + (f" {candidates[0]} has the most below it." if below[candidates[0]] else ""),
            candidates,
        )
    modules = sorted({name for facts in selection.files for name in facts.roles})
    if modules:
        shown = ", ".join(modules[:_MOST_CANDIDATES])
        raise NoDesignError(
            f"Nothing in {plan.id} looks like a design to verify; its modules have no ports, are testbenches "
            f"or checkers, or instantiate each other: {shown}.",
            "Choose one with --top.",
        )
    errors = [problem for facts in selection.files for problem in facts.errors]
    if errors:
        raise ElaborationError(
            f"No module could be read from {plan.id}: {errors[0]}.", "Mend the RTL, or name another design."
        )
    raise NoDesignError(f"{plan.id} declares no module.", "Name a folder, file or filelist with RTL.")


def _unknown_top(plan: Plan, selection: Selection, top: str) -> DesignError:
    names = sorted({name for facts in selection.files for name in facts.roles})
    near = difflib.get_close_matches(top, names, n=3, cutoff=0.6) or names[:_MOST_CANDIDATES]
    return NoDesignError(
        f"{plan.id} has no module '{top}'.",
        f"Choose with --top from: {', '.join(near)}." if names else "It declares no module at all.",
    )


def _listed(selection: Selection, needed: tuple[Facts, ...]) -> tuple[Facts, ...]:
    """Everything listed in its order, without testbenches, and with what is needed of libraries."""
    taken = set(needed)
    included = {name for facts in taken for name in facts.includes}
    return tuple(
        facts
        for facts in selection.files
        if facts in taken
        or (
            facts.name not in selection.libraries
            and facts.name not in included
            and file_role(facts) in (None, Role.DESIGN)
        )
    )


def _design(
    plan: Plan, surveyor: Surveyor, selection: Selection, top: str, kept: tuple[Facts, ...]
) -> Design:
    included = dict.fromkeys(name for facts in kept for name in facts.includes)
    headers = tuple(file for name in included if (file := plan.shelf.read(name)) is not None)
    # A folder in which a header was found counts only when that header is kept.
    folders = dict.fromkeys(
        folder
        for folder in surveyor.include_dirs
        if folder in plan.include_dirs or any(_lies_in(folder, header.name) for header in headers)
    )
    return Design(
        id=plan.id,
        sources=tuple(facts.file for facts in kept),
        top=top,
        headers=headers,
        include_dirs=tuple(folders),
        defines=dict(plan.defines),
        parameters=dict(plan.parameters),
        root=plan.shelf.root,
        notes=(*plan.notes, *choice_notes(selection, top, kept)),
    )


def _lies_in(folder: str, name: str) -> bool:
    return folder == "." or name.startswith(folder + "/")
