"""What each file of a design declares, uses and includes, file by file and without elaboration."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pyslang.parsing import TokenKind
from pyslang.syntax import (
    HierarchyInstantiationSyntax,
    InterfacePortHeaderSyntax,
    ModuleDeclarationSyntax,
    NamedTypeSyntax,
    PackageImportItemSyntax,
    PrimitiveInstantiationSyntax,
    ScopedNameSyntax,
    VirtualInterfaceTypeSyntax,
)

from llm4cov_engine.design.design import SourceFile
from llm4cov_engine.design.keywords import TYPES, as_verilog
from llm4cov_engine.design.role import Role, Traits, role_of, traits_of
from llm4cov_engine.design.shelf import Shelf
from llm4cov_engine.elaboration.compilation import Reader, code_of
from llm4cov_engine.elaboration.records import Problem, Severity, Span
from llm4cov_engine.elaboration.syntax import DeclarationKind, Declared, declarations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyslang.syntax import SyntaxTree


_DEFINE = re.compile(r"^[ \t]*`define[ \t]+([A-Za-z_][\w$]*)", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Facts:
    """What one source file says of itself, seen together with what it includes.

    Attributes:
        file: the file.
        declared: what stands at the top of it and of what it includes.
        roles: of the declared modules, by name.
        undriven: names of the modules among them that have no input.
        instantiated: names of definitions that are instantiated anywhere, by `bind` as well.
        used: names of what could be packages, interfaces and classes: before `::`, imported, or as a type.
        unit_names: types, functions and constants declared outside of any module.
        macros_defined: macros the file's own text defines.
        macros_missing: macros it uses that nothing it includes defines.
        includes: names of the files it includes, directly or not.
        missing_includes: include directives that lead nowhere, as written and where.
        errors: what is wrong with the syntax.
    """

    file: SourceFile
    declared: tuple[Declared, ...]
    roles: Mapping[str, Role]
    undriven: frozenset[str]
    instantiated: frozenset[str]
    used: frozenset[str]
    unit_names: frozenset[str]
    macros_defined: frozenset[str]
    macros_missing: frozenset[str]
    includes: tuple[str, ...]
    missing_includes: tuple[tuple[str, Span], ...]
    errors: tuple[Problem, ...]

    @property
    def name(self) -> str:
        """The file's name."""
        return self.file.name

    @property
    def own(self) -> tuple[Declared, ...]:
        """What the file's own text declares."""
        return tuple(each for each in self.declared if each.span.file == self.name)


@dataclass
class Surveyor:
    """Surveys source files and finds the files they include.

    Attributes:
        shelf: where files come from.
        include_dirs: folders to search; those where headers were found elsewhere are added at the end.
        defines: macros, name to value.
        everywhere: whether a header that is in none of the folders is looked for in all the others.
        headers: files that were included by any file surveyed, by name.
    """

    shelf: Shelf
    include_dirs: list[str]
    defines: Mapping[str, str]
    everywhere: bool
    headers: dict[str, SourceFile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._given = tuple(self.include_dirs)
        self._order = list(self._given)
        self._renew()

    def _renew(self) -> None:
        """Begin with a new reader: one that once looked for a file in vain does not look again."""
        self._reader = Reader(self.headers.values(), self._order, self.defines)

    def survey(self, source: SourceFile, before: Sequence[SourceFile] = ()) -> Facts:
        """Survey a file; `before` are files that define macros it needs.

        A Verilog file that only parses with the keywords of Verilog is given them.
        """
        facts = self._surveyed(source, before)
        if _syntax_errors(facts) and (older := as_verilog(source)) is not None:
            # A reader keeps the first text it is given of a name.
            self._renew()
            again = self._surveyed(older, before)
            if not _syntax_errors(again) and TYPES.isdisjoint(again.used | again.instantiated):
                return again
            self._renew()
        return facts

    def _surveyed(self, source: SourceFile, before: Sequence[SourceFile]) -> Facts:
        while True:
            if (order := self._folders(source.name)) != self._order:
                self._order = order
                self._renew()
            tree = self._parse([*before, source])
            includes = tuple(self._reader.includes(tree))
            # Also what was found may not be it, but a file of the same name that another one included.
            new = [self._find(path, span.file) for path, span, _ in includes]
            if not any(new):
                missing = tuple((path, span) for path, span, is_found in includes if not is_found)
                return self._facts(source, tree, missing)
            self._renew()

    def _parse(self, sources: Sequence[SourceFile]) -> Any:
        try:
            return self._reader.parse(sources)
        except RuntimeError:
            # An include has looked for a file of this name in vain, so that the reader takes it no more.
            self._renew()
            return self._reader.parse(sources)

    def _folders(self, name: str) -> list[str]:
        """Folders to search for what a file includes: the given ones, then the others, the nearest first."""
        others = [folder for folder in self.include_dirs if folder not in self._given]
        return [*self._given, *sorted(others, key=lambda folder: -shared_folders(f"{folder}/", name))]

    def _find(self, path: str, includer: str) -> bool:
        """Put an included file where the reader finds it; False when that is nowhere or was done before."""
        for folder in (posixpath.dirname(includer), *self._given):
            if (file := self.shelf.read(posixpath.join(folder, path))) is not None:
                return self._add(file)
        return self.everywhere and self._find_elsewhere(path, includer)

    def _find_elsewhere(self, path: str, includer: str) -> bool:
        plain = posixpath.normpath(path)
        while plain.startswith("../"):
            plain = plain[3:]
        named = self._by_base.get(posixpath.basename(plain), ())
        found = [name for name in named if name == plain or name.endswith("/" + plain)]
        for name in sorted(found, key=lambda name: (-shared_folders(name, includer), name.count("/"), name)):
            folder = name[: -len(plain)].rstrip("/") or "."
            if plain == posixpath.normpath(path) and folder not in self.include_dirs:
                self.include_dirs.append(folder)
            if (file := self.shelf.read(name)) is not None:
                return self._add(file)
        return False

    @cached_property
    def _by_base(self) -> dict[str, list[str]]:
        """The last parts of the names on the shelf to the names."""
        found: dict[str, list[str]] = {}
        for name in self.shelf.names():
            found.setdefault(posixpath.basename(name), []).append(name)
        return found

    def _add(self, file: SourceFile) -> bool:
        if file.name in self.headers:
            return False
        self.headers[file.name] = file
        return True

    def _facts(self, source: SourceFile, tree: SyntaxTree, missing: tuple[tuple[str, Span], ...]) -> Facts:
        declared = tuple(declarations(tree.root, self._reader.places))
        names = _Names()
        tree.root.visit(names.see)
        errors = [
            (code_of(diagnostic), diagnostic, problem)
            for diagnostic in tree.diagnostics
            if (problem := self._reader.problem(diagnostic)).severity is Severity.ERROR
        ]
        traits = _traits(tree.root, declared)
        return Facts(
            file=source,
            declared=declared,
            roles={
                each.name: role_of(each, traits[each.name], self.headers.get(each.span.file, source).text)
                for each in declared
                if each.name in traits
            },
            undriven=frozenset(name for name, each in traits.items() if not each.has_inputs),
            instantiated=frozenset(names.instantiated),
            used=frozenset(names.used),
            unit_names=frozenset(_unit_names(tree.root)),
            macros_defined=frozenset(_DEFINE.findall(source.text)),
            macros_missing=frozenset(
                str(diagnostic.args[0]).lstrip("`")
                for code, diagnostic, _ in errors
                if code == "UnknownDirective" and diagnostic.args
            ),
            includes=tuple(self._reader.included(tree)),
            missing_includes=missing,
            errors=tuple(problem for _, _, problem in errors),
        )


def shared_folders(name: str, other: str) -> int:
    """How many leading folders two file names share."""
    count = 0
    for mine, theirs in zip(name.split("/")[:-1], other.split("/")[:-1], strict=False):
        if mine != theirs:
            break
        count += 1
    return count


class _Names:
    """Collects names in one walk over a syntax tree."""

    def __init__(self) -> None:
        self.instantiated: set[str] = set()
        self.used: set[str] = set()

    def see(self, node: Any) -> None:
        if (read := _READERS.get(type(node))) is not None:
            read(self, node)

    def _instantiation(self, node: Any) -> None:
        if node.type.kind == TokenKind.Identifier:
            self.instantiated.add(node.type.valueText)

    def _import(self, node: Any) -> None:
        self.used.add(node.package.valueText)

    def _scoped(self, node: Any) -> None:
        self.used.add(node.left.getFirstToken().valueText)

    def _type(self, node: Any) -> None:
        self.used.add(node.name.getFirstToken().valueText)

    def _interface_port(self, node: Any) -> None:
        self.used.add(node.nameOrKeyword.valueText)

    def _virtual_interface(self, node: Any) -> None:
        self.used.add(node.name.valueText)


_READERS: dict[type, Callable[[_Names, Any], None]] = {
    HierarchyInstantiationSyntax: _Names._instantiation,
    PrimitiveInstantiationSyntax: _Names._instantiation,
    PackageImportItemSyntax: _Names._import,
    ScopedNameSyntax: _Names._scoped,
    NamedTypeSyntax: _Names._type,
    InterfacePortHeaderSyntax: _Names._interface_port,
    VirtualInterfaceTypeSyntax: _Names._virtual_interface,
}


def _syntax_errors(facts: Facts) -> bool:
    """Whether a file is wrong in itself, and not for a lack of macros or headers."""
    return any(problem.code not in _LACKING for problem in facts.errors)


_LACKING = {"UnknownDirective", "CouldNotOpenIncludeFile"}


def _traits(root: Any, declared: tuple[Declared, ...]) -> dict[str, Traits]:
    """Traits of the modules and programs, by name."""
    judged = {each.name for each in declared if each.kind in _JUDGED}
    return {
        name: traits_of(member)
        for member in root.members
        if isinstance(member, ModuleDeclarationSyntax) and (name := member.header.name.valueText) in judged
    }


_JUDGED = {DeclarationKind.MODULE, DeclarationKind.PROGRAM}


def _unit_names(root: Any) -> list[str]:
    """Names declared outside of modules and packages, which any later file may use."""
    names: list[str] = []
    for member in root.members:
        kind = member.kind.name
        if kind == "TypedefDeclaration":
            names.append(member.name.valueText)
        elif kind in ("FunctionDeclaration", "TaskDeclaration"):
            names.append(member.prototype.name.getLastToken().valueText)
        elif kind == "ParameterDeclarationStatement":
            names += [each.name.valueText for each in _declarators(member.parameter)]
        elif kind in ("DataDeclaration", "NetDeclaration"):
            names += [each.name.valueText for each in _declarators(member)]
    return names


def _declarators(node: Any) -> list[Any]:
    return [each for each in getattr(node, "declarators", ()) if each.kind.name == "Declarator"]
