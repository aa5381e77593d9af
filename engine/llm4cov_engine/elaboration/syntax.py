"""What one SystemVerilog text declares and instantiates, by its syntax alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from llm4cov_engine.elaboration.records import Span
from llm4cov_engine.elaboration.spans import IN_MEMORY, Places

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIMPLE = re.compile(r"[A-Za-z_][\w$]*", re.ASCII)
"""A simple identifier (IEEE 1800-2023, 5.6), keywords among them."""


class DeclarationKind(StrEnum):
    """Kinds of declarations that can stand at the top of a file."""

    MODULE = "module"
    INTERFACE = "interface"
    PROGRAM = "program"
    PACKAGE = "package"
    CLASS = "class"
    PRIMITIVE = "primitive"
    CHECKER = "checker"


@dataclass(frozen=True, slots=True)
class Instantiation:
    """A line of the text that makes instances: `module` names the definition, `instance` the instance.

    An instance without a name (a user-defined primitive's) has "" for one.
    """

    module: str
    instance: str
    span: Span


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration at the top of a text.

    Attributes:
        has_ports: whether it declares any port; False for packages and classes.
        instances: everything instantiated in it, in source order, generate blocks included. Whether a name
            is a module's or an interface's cannot be told from syntax.
    """

    name: str
    kind: DeclarationKind
    span: Span
    has_ports: bool = False
    instances: tuple[Instantiation, ...] = ()

    @property
    def instantiates(self) -> tuple[str, ...]:
        """Names of the instantiated definitions, each once, in order of appearance."""
        return tuple(dict.fromkeys(instance.module for instance in self.instances))


def declared(text: str, name: str = "testbench.sv") -> tuple[Declared, ...]:
    """Declarations at the top of a SystemVerilog text, in source order.

    Included files are not looked for, and syntax errors do not raise: what could be recognised around them
    is given.

    Args:
        text: SystemVerilog or Verilog source.
        name: file name for the spans, relative and without "..".
    """
    from pyslang import Bag, SourceManager
    from pyslang.parsing import PreprocessorOptions
    from pyslang.syntax import SyntaxTree

    manager = SourceManager()
    preprocessor = PreprocessorOptions()
    # An absolute name, a device's for instance, would be opened.
    preprocessor.maxIncludeDepth = 0
    options = Bag()
    options.preprocessorOptions = preprocessor
    tree = SyntaxTree.fromBuffer(manager.assignText(IN_MEMORY + name, text), manager, options)
    return tuple(declarations(tree.root, Places(manager)))


def declarations(root: Any, places: Places) -> Iterator[Declared]:
    """Declarations of a parsed compilation unit; see `declared`."""
    # A text with a single declaration has that declaration as its root.
    members = root.members if root.kind.name == "CompilationUnit" else [root]
    for member in members:
        kind = _KINDS.get(member.kind.name)
        if kind is None:
            continue
        header = getattr(member, "header", member)
        token = header.name
        if not token.valueText:
            continue
        holds_instances = kind not in (DeclarationKind.PACKAGE, DeclarationKind.CLASS)
        yield Declared(
            name=token.valueText,
            kind=kind,
            span=places.span(member.sourceRange),
            has_ports=holds_instances and _has_ports(member),
            instances=tuple(_instances(member, places)) if holds_instances else (),
        )


_KINDS = {
    "ModuleDeclaration": DeclarationKind.MODULE,
    "InterfaceDeclaration": DeclarationKind.INTERFACE,
    "ProgramDeclaration": DeclarationKind.PROGRAM,
    "PackageDeclaration": DeclarationKind.PACKAGE,
    "ClassDeclaration": DeclarationKind.CLASS,
    "UdpDeclaration": DeclarationKind.PRIMITIVE,
    "CheckerDeclaration": DeclarationKind.CHECKER,
}


_WITHOUT_INSTANCES = frozenset(
    (
        "AlwaysBlock",
        "AlwaysCombBlock",
        "AlwaysFFBlock",
        "AlwaysLatchBlock",
        "ClassDeclaration",
        "ContinuousAssign",
        "DataDeclaration",
        "FinalBlock",
        "FunctionDeclaration",
        "InitialBlock",
        "NetDeclaration",
        "TaskDeclaration",
        "TypedefDeclaration",
    )
)


def _has_ports(member: Any) -> bool:
    """Whether a module-like declaration has a port list that is not empty."""
    ports = getattr(getattr(member, "header", member), "ports", None) or getattr(member, "portList", None)
    if ports is None:
        return False
    # A wildcard list `(.*)` has no list of ports but surely has ports.
    return bool(len(listed)) if (listed := getattr(ports, "ports", None)) is not None else True


def _instances(member: Any, places: Places) -> Iterator[Instantiation]:
    from pyslang.parsing import TokenKind
    from pyslang.syntax import HierarchyInstantiationSyntax, PrimitiveInstantiationSyntax

    kinds = {HierarchyInstantiationSyntax, PrimitiveInstantiationSyntax}
    found: list[tuple[str, Any]] = []

    def note(node: Any) -> None:
        # Called for every token: looking types up is what costs least.
        if type(node) in kinds and node.type.kind == TokenKind.Identifier:
            found.extend((node.type.valueText, item) for item in node.instances if item.kind.name != "Comma")

    for item in getattr(member, "members", ()):
        # Instances stand in bodies and in generate blocks, never in these, which hold most of the tokens.
        if item.kind.name not in _WITHOUT_INSTANCES:
            item.visit(note)
    for module, instance in found:
        label = instance.decl.name.valueText if instance.decl is not None else ""
        yield Instantiation(module, label, places.span(instance.sourceRange))


@lru_cache(maxsize=4096)
def is_identifier(name: str) -> bool:
    """Whether a name can be written as it is: a simple identifier that is no keyword of SystemVerilog."""
    if not _SIMPLE.fullmatch(name):
        return False
    from pyslang.syntax import SyntaxTree

    return not SyntaxTree.fromText(f"module m; logic {name}; endmodule").diagnostics


def spelled(name: str) -> str:
    """A name as source text: an escaped identifier, with the blank that ends it, where it needs to be one."""
    return name if is_identifier(name) else f"\\{name} "
