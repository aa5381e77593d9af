"""From what a user names to a `Design`."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.design.filelist import read_filelist
from llm4cov_engine.design.naming import instance_name
from llm4cov_engine.design.options import DesignOptions, macros
from llm4cov_engine.design.patterns import RTL, matching, matching_rtl
from llm4cov_engine.design.shelf import MOST_FILES, FolderShelf, OutsideRootError, RowShelf
from llm4cov_engine.design.texts import read_text
from llm4cov_engine.elaboration import elaborate
from llm4cov_engine.elaboration.syntax import declared
from llm4cov_engine.errors import DesignError, NoDesignError
from llm4cov_engine.settings.loading import PROJECT_FILE, load_settings
from llm4cov_engine.settings.schema import Settings

if TYPE_CHECKING:
    from llm4cov_engine.design.dataset import Row

_HEADERS = (".vh", ".svh", ".h", ".inc")
"""Endings of files that are included rather than compiled."""

_VHDL = (".vhd", ".vhdl")

_FILELISTS = (".f", ".flist", ".filelist", ".vc", ".lst", ".list")

_FILE_NAMES = re.compile(r'`(include|define)\s*(?:\w+\s+)?["<]\s*([^">\n]*[^">\s])')
"""What `include` directives name, and strings that macros hold."""

_INCLUDES_MACRO = re.compile(r"`include\s*`")

_DATASETS = (".jsonl", ".ndjson")


def load(name: str | Path, options: DesignOptions | None = None, settings: Settings | None = None) -> Design:
    """Load a design.

    Args:
        name: a folder, a .sv or .v file, a filelist (.f or another of its usual names), an llm4cov.toml, or
            DATASET.jsonl#ID.
        options: win over everything found.
        settings: of the project the name lies in; read from its folder when left out.

    Raises:
        NoDesignError: there is nothing to verify.
        AmbiguousTopError: several modules could be the top.
        ElaborationError: the RTL does not compile.
        DesignError: a file that cannot be part of a design.
        SettingsError: the project's or the user's settings.
        StorageError: a file that cannot be read.
    """
    options = options or DesignOptions()
    text, _, identity = str(name).partition("#")
    if text.endswith(_DATASETS):
        from llm4cov_engine.design.dataset import find_row

        design = load_row(find_row(_existing(Path(text)), identity), options)
        settings = settings or load_settings()
        return design if design.targets else replace(design, targets=settings.coverage.targets)
    path = _existing(Path(name))
    if path.name == PROJECT_FILE:
        path = path.parent
    folder = path if path.is_dir() else path.parent
    settings = settings or load_settings(folder)
    if path.is_dir():
        design = _load_folder(path, options, settings)
    elif _is_filelist(path):
        design = _load_filelist(path, options, settings)
    elif path.suffix in RTL:
        design = _load_file(path, options, settings)
    else:
        raise NoDesignError(
            f"{path} is no design: it does not end in .sv, .v, .f or .jsonl.",
            "Name a folder, an RTL file, a filelist (.f, .flist, .vc) or DATASET.jsonl#ID.",
        )
    return replace(
        design,
        instance=options.instance or settings.design.instance or design.instance,
        specs=_specs(folder, design.root or folder, options, settings),
        targets=settings.coverage.targets,
    )


def _is_filelist(path: Path) -> bool:
    """By its ending, or by a name such as Flist.core and flist.verilator."""
    return path.suffix in _FILELISTS or path.name.lower().startswith(("flist.", "filelist."))


def load_row(row: Row, options: DesignOptions | None = None) -> Design:
    """The design of a dataset row.

    Raises:
        DesignError: its RTL does not elaborate.
    """
    from llm4cov_engine.design.assembly import Plan, assemble

    options = options or DesignOptions()
    _check_includes(row)
    files = [SourceFile(file.name, file.content) for file in (*row.rtl_files, *row.include_files)]
    plan = Plan(
        id=row.id,
        shelf=RowShelf(files),
        sources=[file.name for file in row.rtl_files if not file.name.endswith(_HEADERS)],
        top=options.top or row.top,
        include_dirs=list(dict.fromkeys(posixpath.dirname(file.name) or "." for file in files)),
        defines=macros(row.defines) | macros(options.defines),
        parameters=dict(options.parameters),
    )
    specs = _specs(Path.cwd(), Path.cwd(), options, Settings()) if options.specs else ()
    design = assemble(plan)
    overrides = _meant_as_parameters(design, macros(row.defines))
    if overrides:
        design = assemble(replace(plan, parameters=overrides | plan.parameters))
    return replace(
        design,
        instance=options.instance or row.instance or instance_name(row.id, design.top),
        specs=specs or tuple(SourceFile(file.name, file.content) for file in row.spec_files),
        targets=tuple(target.target() for target in row.targets),
        instruction=row.instruction or "",
    )


def _check_includes(row: Row) -> None:
    """A row comes from anybody: its RTL must not make us read files of this machine.

    Where a macro names the file to include, every macro that holds a string is taken for one that may.
    """
    files = (*row.rtl_files, *row.include_files)
    by_macro = any(_INCLUDES_MACRO.search(file.content) for file in files)
    for file in files:
        for directive, path in _FILE_NAMES.findall(file.content):
            place = posixpath.normpath(posixpath.join(posixpath.dirname(file.name), path))
            if place.startswith(("/", "../")) and (by_macro or directive == "include"):
                raise DesignError(
                    f"{file.name} of row {row.id} includes {path}, which is no file of the row.",
                    "Correct the row: only its own files can be included.",
                )


def _meant_as_parameters(design: Design, defines: dict[str, str]) -> dict[str, str]:
    """The macros of a row that its RTL never asks for, but whose names and values fit parameters of the top.

    The benchmark's rows know no parameter overrides and write them so.
    """
    asked = re.compile(r"`(?:(?:ifdef|ifndef|elsif)\s+)?(\w+)")
    used = {name for file in (*design.sources, *design.headers) for name in asked.findall(file.text)}
    free = {parameter.name for parameter in elaborate(design).parameters if not parameter.is_local}
    return {name: value for name, value in defines.items() if value and name in free - used}


def _existing(path: Path) -> Path:
    path = Path(os.path.normpath(Path.cwd() / path.expanduser()))
    if not path.exists():
        raise NoDesignError(
            f"{path} is not there.", "Name a folder, an RTL file, a filelist or DATASET.jsonl#ID."
        )
    return path


@dataclass(frozen=True)
class _Found:
    """What a folder, file or filelist names, paths absolute; the rest is as in `Plan`."""

    id: str
    sources: list[Path]
    top: str
    defines: dict[str, str]
    parameters: dict[str, str]
    listed: bool = False
    include_dirs: Sequence[Path] = ()
    libraries: Sequence[Path] = ()
    library_dirs: Sequence[Path] = ()
    library_extensions: Sequence[str] = RTL
    tops_from: Sequence[Path] = ()
    notes: Sequence[str] = ()


def _on_disk(found: _Found, folder: Path) -> Design:
    """Assemble files below a folder; when they need one outside of it, again from further up."""
    from llm4cov_engine.design.assembly import Plan, assemble

    root = folder
    while True:

        def names(paths: Iterable[Path], root: Path = root) -> list[str]:
            return [_relative(root, path) for path in dict.fromkeys(paths)]

        try:
            return assemble(
                Plan(
                    id=found.id,
                    shelf=FolderShelf(root),
                    sources=names(found.sources),
                    listed=found.listed,
                    top=found.top,
                    include_dirs=names(found.include_dirs),
                    defines=dict(found.defines),
                    parameters=dict(found.parameters),
                    libraries=names(found.libraries),
                    library_dirs=names(found.library_dirs),
                    library_extensions=found.library_extensions,
                    tops_from=names(found.tops_from),
                    notes=list(found.notes),
                )
            )
        except OutsideRootError as error:
            root = Path(os.path.commonpath([root, error.folder]))


def _parameters(options: DesignOptions, settings: Settings) -> dict[str, str]:
    """Overrides of the top's parameters; the project's are about the project's top."""
    project = settings.design
    ours = not options.top or project.top in ("", options.top)
    return (project.parameters if ours else {}) | dict(options.parameters)


def _include_dirs(folder: Path, options: DesignOptions, settings: Settings) -> list[Path]:
    """Folders of headers that the user names, the command line's first."""
    given = [Path.cwd() / each for each in options.include_dirs]
    found = given + [folder / each for each in settings.design.include_dirs]
    for path in found:
        if not path.is_dir():
            raise DesignError(f"The include folder {path} is not there.", "Correct -I or `include_dirs`.")
    return found


def _relative(root: Path, path: Path) -> str:
    """The name of a path below the root.

    Raises:
        OutsideRootError: it does not lie there.
    """
    path = Path(os.path.normpath(path))
    if not path.is_relative_to(root):
        raise OutsideRootError(path if path.is_dir() else path.parent)
    return path.relative_to(root).as_posix()


def _load_folder(folder: Path, options: DesignOptions, settings: Settings) -> Design:
    design = settings.design
    if design.rtl:
        sources = matching_rtl(folder, design.rtl)
        if not sources:
            raise NoDesignError(
                f"No RTL file below {folder} matches `rtl` in {PROJECT_FILE}: {', '.join(design.rtl)}.",
                "Correct the patterns.",
            )
    else:
        shelf = FolderShelf(folder)
        if not shelf.is_complete:
            raise DesignError(
                f"{folder} holds more than {MOST_FILES} files.",
                f"Name a smaller folder, or list the RTL with `rtl` in {PROJECT_FILE}.",
            )
        sources = [folder / name for name in shelf.names() if name.endswith(RTL)]
        if not sources:
            vhdl = any(name.lower().endswith(_VHDL) for name in shelf.names())
            raise NoDesignError(
                f"{folder} holds no .sv or .v file, nor does any folder in it"
                + (", only VHDL, which Verilator does not read." if vhdl else "."),
                "Name another folder, an RTL file or a filelist.",
            )
    excluded = set(matching_rtl(folder, design.exclude))
    found = _Found(
        id=folder.name or "design",
        sources=[path for path in sources if path not in excluded],
        top=options.top or design.top,
        defines=design.defines | macros(options.defines),
        parameters=_parameters(options, settings),
        include_dirs=_include_dirs(folder, options, settings),
    )
    return _on_disk(found, folder)


def _load_file(path: Path, options: DesignOptions, settings: Settings) -> Design:
    """One file is the design; what it instantiates may stand in files beside it, named after the modules."""
    # The project's settings may be about another top than one of this file's.
    ours = settings.design.top in ("", *(each.name for each in declared(read_text(path))))
    found = _Found(
        id=path.stem,
        sources=[path],
        top=options.top or (settings.design.top if ours else ""),
        defines=settings.design.defines | macros(options.defines),
        parameters=_parameters(options, settings) if ours else dict(options.parameters),
        include_dirs=_include_dirs(path.parent, options, settings),
        library_dirs=[path.parent],
        library_extensions=[path.suffix, *(each for each in RTL if each != path.suffix)],
        tops_from=[path],
    )
    return _on_disk(found, path.parent)


def _load_filelist(path: Path, options: DesignOptions, settings: Settings) -> Design:
    read = read_filelist(path)
    for source in (*read.sources, *read.library_files):
        if not source.is_file():
            raise NoDesignError(f"{path} names {source}, which is not there.", "Correct the filelist.")
    if not read.sources:
        raise NoDesignError(f"{path} names no RTL file.", "Add the files to the filelist, one per line.")
    absent = [each for each in read.include_dirs + read.library_dirs if not each.is_dir()]
    notes = [f"{path.name} names the folder {each.name}, which is not there." for each in absent]
    if read.ignored:
        notes.append(f"{path.name} has entries that mean nothing here: {', '.join(read.ignored)}.")
    found = _Found(
        id=path.stem,
        sources=read.sources,
        listed=True,
        top=options.top or read.top or settings.design.top,
        defines=read.defines | settings.design.defines | macros(options.defines),
        parameters=read.parameters | _parameters(options, settings),
        include_dirs=[
            *_include_dirs(path.parent, options, settings),
            *(each for each in read.include_dirs if each not in absent),
        ],
        libraries=read.library_files,
        library_dirs=[each for each in read.library_dirs if each not in absent],
        library_extensions=read.library_extensions or RTL,
        notes=notes,
    )
    return _on_disk(found, path.parent)


def _specs(folder: Path, root: Path, options: DesignOptions, settings: Settings) -> tuple[SourceFile, ...]:
    """Documents, named relative to the root, or by their file name when they lie elsewhere."""
    paths = [Path.cwd() / each for each in options.specs]
    for pattern in () if paths else settings.design.specs:
        matches = matching(folder, pattern)
        if not matches:
            raise NoDesignError(
                f"No file matches `specs` in {PROJECT_FILE}: {pattern}.", "Correct the pattern."
            )
        paths += matches
    found = {}
    for path in (Path(os.path.normpath(each)) for each in paths):
        if not path.is_dir():
            name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
            found[name] = SourceFile(name, read_text(path))
    return tuple(found.values())
