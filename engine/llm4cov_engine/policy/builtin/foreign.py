"""Somebody else's testbench: how it connects the DUT, and where phases can be added to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from llm4cov_engine.policy.builtin.bench import Bench
from llm4cov_engine.policy.builtin.buses import find_buses
from llm4cov_engine.policy.builtin.render import kit_text, phase_calls, phase_tasks
from llm4cov_engine.policy.builtin.rewrite import CALLS_END, TASKS_END
from llm4cov_engine.policy.builtin.survey import KIT_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llm4cov_engine.policy.builtin.plan import Phase
    from llm4cov_engine.testbench import Testbench

SCOPE = "llm4cov"
"""Generate block that keeps what is added apart from the testbench's own names."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A testbench that phases can be added to.

    Attributes:
        bench: the DUT as this testbench sees it: its own names, and only what phases may drive.
        source: the text, as UTF-8.
        calls_at: byte at which the phases are called, the beginning of a line.
        scope_at: byte at which the scope of the additions goes, the beginning of a line.
    """

    bench: Bench
    source: bytes
    calls_at: int
    scope_at: int

    def extended(self, phases: Sequence[Phase]) -> str:
        """The text with a scope of its own for the phases, and their calls before its `$finish`."""
        kit = kit_text(self.bench)
        scope = (
            f"\n  // Added by the built-in policy of llm4cov-assist: phases that run after the rest.\n"
            f"  if (1) begin : {SCOPE}\n{kit}\n  // ---- Phases ----\n\n"
            f"{phase_tasks(self.bench, phases)}{TASKS_END}  end : {SCOPE}\n"
        )
        calls = f"    {SCOPE}.set_up();\n{phase_calls(phases, f'{SCOPE}.')}{CALLS_END}"
        pieces = sorted([(self.calls_at, calls.encode()), (self.scope_at, scope.encode())], reverse=True)
        source = self.source
        for at, piece in pieces:
            source = source[:at] + piece + source[at:]
        return source.decode("utf-8", "surrogateescape")


def read_foreign(testbench: Testbench, bench: Bench) -> Foreign | None:
    """Find out whether and how phases can be added to a testbench.

    That takes a DUT instance whose inputs are plain variables, a main clock that runs by itself, and a
    `$finish` that stands directly in an initial block.

    Returns:
        None when one of these is missing.
    """
    from pyslang.syntax import SyntaxTree

    source = testbench.text.encode("utf-8", "surrogateescape")
    tree = SyntaxTree.fromText(testbench.text)
    for module in _modules(tree.root):
        connections = _connections(module, bench)
        if connections is None:
            continue
        seen = _seen_by(bench, connections, _Module(module))
        finish = _finish(module)
        if seen is None or finish is None:
            return None
        end = module.endmodule.range.start.offset
        return Foreign(seen, source, _line_start(source, finish), _line_start(source, end))
    return None


def _modules(root: Any) -> Iterator[Any]:
    members = root.members if root.kind.name == "CompilationUnit" else [root]
    yield from (member for member in members if member.kind.name == "ModuleDeclaration")


def _connections(module: Any, bench: Bench) -> dict[str, str] | None:
    """What each port of the DUT is connected to, where that is a plain name; None without a DUT."""
    for member in module.members:
        if member.kind.name != "HierarchyInstantiation" or member.type.valueText != bench.top:
            continue
        instances = [each for each in member.instances if each.kind.name == "HierarchicalInstance"]
        names: dict[str, str] = {}
        ports = [port for port, _ in bench.connections]
        for index, connection in enumerate(c for c in instances[0].connections if c.kind.name != "Comma"):
            kind = connection.kind.name
            if kind == "WildcardPortConnection":
                names = {port: port for port in ports} | names
            elif kind == "NamedPortConnection":
                name = connection.name.valueText
                plain = _plain_name(connection.expr) if connection.openParen else name
                names[name] = plain
            elif kind == "OrderedPortConnection" and index < len(ports):
                names[ports[index]] = _plain_name(connection.expr)
        return names
    return None


def _plain_name(expression: Any) -> str:
    """The name an expression is, "" when it is anything more."""
    text = str(expression).strip() if expression is not None else ""
    return text if text.isidentifier() else ""


class _Module:
    """What a testbench's module declares and drives."""

    def __init__(self, module: Any) -> None:
        self.variables: set[str] = set()
        self.taken: set[str] = set()
        self.running: set[str] = set()
        for member in module.members:
            kind = member.kind.name
            if kind == "DataDeclaration":
                # An unpacked dimension makes an array of it, which is no plain variable.
                self.variables |= {
                    each.name.valueText
                    for each in member.declarators
                    if each.kind.name == "Declarator" and not len(each.dimensions)
                }
            elif kind == "ContinuousAssign":
                self.taken |= _targets(member)
            elif kind.startswith("Always"):
                self.taken |= _targets(member)
                self.running |= _targets(member)
            elif kind == "InitialBlock":
                self.running |= _targets(member, within="ForeverStatement")


def _targets(node: Any, within: str = "") -> set[str]:
    """Plain names assigned anywhere below a node, or only below nodes of a kind."""
    found: set[str] = set()

    def see(inner: Any) -> None:
        kind = getattr(inner.kind, "name", "")
        if within and kind == within:
            found.update(_targets(inner))
        elif not within and kind.endswith("AssignmentExpression"):
            found.add(str(inner.left).strip())

    node.visit(see)
    return found


def _finish(module: Any) -> int | None:
    """Offset of the last `$finish` that is a statement of its own in an initial block, the longest one."""
    best: tuple[int, int] | None = None
    for member in module.members:
        if member.kind.name != "InitialBlock" or member.statement.kind.name != "SequentialBlockStatement":
            continue
        offsets = [
            item.getFirstToken().range.start.offset
            for item in member.statement.items
            if str(item).strip().rsplit("\n", 1)[-1].strip().startswith("$finish")
        ]
        length = member.sourceRange.end.offset - member.sourceRange.start.offset
        if offsets and (best is None or length > best[0]):
            best = (length, offsets[-1])
    return best[1] if best else None


def _line_start(source: bytes, offset: int) -> int:
    """The byte after the last line break before an offset."""
    return source.rfind(b"\n", 0, offset) + 1


def _seen_by(bench: Bench, connections: dict[str, str], module: _Module) -> Bench | None:
    """The bench in the testbench's own names; None when there is nothing to clock or to drive."""

    def free(port: str) -> bool:
        name = connections.get(port, "")
        return name in module.variables and name not in module.taken | module.running | KIT_NAMES

    clocks = [
        replace(clock, name=connections[clock.port])
        for clock in bench.clocks
        if connections.get(clock.port, "") in module.running - KIT_NAMES
    ]
    if len(clocks) != len(bench.clocks):
        return None
    driven = tuple(
        replace(signal, name=connections[signal.port], twin="")
        for signal in bench.driven
        if free(signal.port) and not signal.unpacked
    )
    outputs = tuple(
        replace(signal, name=connections[signal.port])
        for signal in bench.outputs
        if connections.get(signal.port) and connections[signal.port] not in KIT_NAMES
    )
    if not driven:
        return None
    return replace(
        bench,
        clocks=tuple(clocks[:1]),
        resets=tuple(
            replace(reset, name=connections[reset.port]) for reset in bench.resets if free(reset.port)
        ),
        driven=driven,
        inouts=(),
        outputs=outputs,
        observed=tuple(each for each in outputs if each.port in {one.port for one in bench.observed}),
        buses=find_buses(driven, outputs),
    )
