"""Objections to a testbench that reaches into the DUT: writes what it should only stimulate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from llm4cov_engine.permission import Permission
from llm4cov_engine.screening.objection import Objection, objection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm4cov_engine.screening.reading import Reading

_INDEX: Final = re.compile(r"\[[^\[\]]*\]")

WRITING_TASKS: Final = frozenset(
    (
        "$readmemh",
        "$readmemb",
        "$sreadmemh",
        "$sreadmemb",
        "$sscanf",
        "$fscanf",
        "$fgets",
        "$fread",
        "$value$plusargs",
        "$cast",
        "$deposit",
        "$sformat",
        "$swrite",
        "$swriteh",
        "$swriteb",
        "$swriteo",
        "$ferror",
        "$random",
        "$dist_uniform",
        "$dist_normal",
        "$dist_exponential",
        "$dist_poisson",
        "$dist_chi_square",
        "$dist_t",
        "$dist_erlang",
    )
)
"""System tasks that write through an argument."""

_CHANGING_METHODS: Final = frozenset(
    (
        "push_back",
        "push_front",
        "pop_back",
        "pop_front",
        "insert",
        "delete",
        "sort",
        "rsort",
        "reverse",
        "shuffle",
    )
)
_ASSIGNED: Final = {
    "ProceduralForceStatement": "forces",
    "ProceduralReleaseStatement": "releases",
    "ProceduralAssignStatement": "assigns",
    "ProceduralDeassignStatement": "deassigns",
}
_TRIGGERS: Final = ("BlockingEventTriggerStatement", "NonblockingEventTriggerStatement")


class Road:
    """Tells whether a piece of text leads into the DUT: it goes on behind the name of one of its instances.

    Attributes:
        names: of the DUT's instances, and of its module.
    """

    def __init__(self, reading: Reading) -> None:
        dut = reading.design.top
        instances = {
            item.instance for one in reading.declarations for item in one.instances if item.module == dut
        }
        self.names = frozenset({*instances, dut} - {""})
        words = "|".join(re.escape(name) for name in sorted(self.names))
        self._into = re.compile(rf"(?<![\w$])\\?(?:{words})\s*\.\s*(\\?[\w$]+(?:\s*\.\s*\\?[\w$]+)*)")

    def path(self, text: str) -> str:
        """The path below the DUT that the text names first, "" for none."""
        if not any(name in text for name in self.names):
            return ""
        while "[" in text and (shorter := _INDEX.sub("", text)) != text:
            text = shorter
        match = self._into.search(text)
        return "".join(match[0].split()) if match else ""


def write_objections(reading: Reading, road: Road, nodes: list[Any]) -> Iterator[Objection]:
    """Objections to what writes inside the DUT.

    Args:
        nodes: syntax nodes of the kinds `concerns` accepts.
    """
    directions = _directions(nodes)
    for node in nodes:
        kind = node.kind.name
        for verb, text in _written(node, kind, directions):
            path = road.path(text)
            if path:
                message = f"the testbench {verb} {path!r} inside the DUT; drive its ports instead"
                yield objection("WritesDut", message, reading.span(node.sourceRange), Permission.FORCE)
                break


def concerns(kind: str) -> bool:
    """Whether nodes of a kind can write something, or say what a subroutine writes."""
    return (
        kind.endswith(("AssignmentExpression", "crementExpression"))
        or kind in _ASSIGNED
        or kind in _TRIGGERS
        or kind
        in (
            "NetAlias",
            "InvocationExpression",
            "ArrayOrRandomizeMethodExpression",
            "PrimitiveInstantiation",
            "HierarchyInstantiation",
            "FunctionDeclaration",
            "TaskDeclaration",
            "ModuleDeclaration",
            "Declarator",
        )
    )


def handle_objections(reading: Reading, road: Road, nodes: list[Any]) -> Iterator[Objection]:
    """Objections to handles on interfaces inside the DUT, through which anything can be written."""
    handles = reading.facts.handles
    for node in nodes:
        if not handles or node.kind.name != "Declarator" or node.initializer is None:
            continue
        path = road.path(str(node.initializer.expr))
        if path and path.rpartition(".")[2] in handles:
            message = f"the testbench takes hold of the interface {path!r} inside the DUT"
            yield objection("WritesDut", message, reading.span(node.sourceRange), Permission.FORCE)


def _written(node: Any, kind: str, directions: _Directions) -> Iterator[tuple[str, str]]:
    """What a node writes, as a verb and the text of the target."""
    if kind in ("ProceduralForceStatement", "ProceduralAssignStatement"):
        yield _ASSIGNED[kind], str(node.expr.left)
    elif kind in _ASSIGNED:
        yield _ASSIGNED[kind], str(node.variable)
    elif kind.endswith("AssignmentExpression"):
        yield "writes", str(node.left)
    elif kind.endswith("crementExpression"):
        yield "writes", str(node.operand)
    elif kind in _TRIGGERS:
        yield "triggers", str(node.name)
    elif kind == "NetAlias":
        yield "joins a net with", str(node)
    elif kind == "InvocationExpression":
        yield from _written_by_call(node, directions)
    elif kind == "ArrayOrRandomizeMethodExpression":
        yield "writes", str(node.method)
    elif kind == "PrimitiveInstantiation":
        yield "drives", str(node)
    elif kind == "HierarchyInstantiation":
        yield from _driven_by_instance(node, directions)


def _written_by_call(node: Any, directions: _Directions) -> Iterator[tuple[str, str]]:
    callee = "".join(str(node.left).split())
    name = callee.rpartition(".")[2].rpartition("::")[2]
    arguments = list(node.arguments.parameters) if node.arguments is not None else []
    if callee in WRITING_TASKS or name == "randomize":
        yield from (("writes", str(argument)) for argument in arguments)
    elif name in _CHANGING_METHODS:
        yield "changes", callee
    elif name in directions.subroutines:
        yield from directions.written("hands out", directions.subroutines[name], arguments)


def _driven_by_instance(node: Any, directions: _Directions) -> Iterator[tuple[str, str]]:
    module = node.type.valueText
    for instance in node.instances:
        connections = list(getattr(instance, "connections", ()))
        if module in directions.modules:
            yield from directions.written("connects an output to", directions.modules[module], connections)


class _Directions:
    """Which arguments of subroutines, and which ports of modules, write: the order and names of both."""

    def __init__(self) -> None:
        self.subroutines: dict[str, list[tuple[str, bool]]] = {}
        self.modules: dict[str, list[tuple[str, bool]]] = {}

    @staticmethod
    def written(verb: str, formals: list[tuple[str, bool]], actuals: list[Any]) -> Iterator[tuple[str, str]]:
        position = 0
        for actual in actuals:
            kind = actual.kind.name
            if kind.startswith("Ordered"):
                writes = position < len(formals) and formals[position][1]
                position += 1
            elif kind.startswith("Named"):
                writes = any(formal[0] == actual.name.valueText and formal[1] for formal in formals)
            elif kind.startswith("Empty"):
                writes = False
                position += 1
            else:
                continue
            if writes:
                text = str(actual.expr) if actual.expr is not None else ""
                yield verb, text


def _directions(nodes: list[Any]) -> _Directions:
    found = _Directions()
    for node in nodes:
        kind = node.kind.name
        if kind in ("FunctionDeclaration", "TaskDeclaration"):
            name = str(node.prototype.name).strip().rpartition("::")[2]
            ports = node.prototype.portList
            formals = _formals(ports.ports if ports is not None else ())
            found.subroutines.setdefault(name, []).extend(formals)
        elif kind == "ModuleDeclaration":
            ports = node.header.ports
            found.modules[node.header.name.valueText] = _formals(getattr(ports, "ports", ()) or ())
    return found


def _formals(ports: Any) -> list[tuple[str, bool]]:
    """Names, and whether each is written; a direction holds on until another is given."""
    found = []
    writes = False
    for port in ports:
        declarator = getattr(port, "declarator", None)
        if declarator is None:
            continue
        words = re.findall(r"\b(?:const|input|output|inout|ref)\b", str(port).partition("=")[0])
        if words:
            writes = "const" not in words and "input" not in words
        found.append((declarator.name.valueText, writes))
    return found
