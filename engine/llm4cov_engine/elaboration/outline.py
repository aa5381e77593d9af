"""A source text with the bodies of some modules left out, by its syntax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm4cov_engine.elaboration.spans import IN_MEMORY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_KEPT_MEMBERS = frozenset({"PortDeclaration", "ParameterDeclarationStatement"})
"""Members of a body that belong to a header of the older style (IEEE 1364-1995)."""

LEFT_OUT = "// ... "
"""Begins the line that stands for what was left out."""


def outlined(text: str, modules: Collection[str], keep: int = 0) -> str:
    """Leave out the bodies of the named modules; their parameters and ports stay, and a line says so.

    A module whose header or end comes from a macro stays whole, as does everything between the modules.

    Args:
        text: SystemVerilog or Verilog source; includes are not followed.
        modules: names of the modules to shorten.
        keep: bytes of each body to keep, from its beginning, in whole lines.
    """
    if not modules:
        return text
    from pyslang import SourceManager
    from pyslang.syntax import SyntaxTree

    manager = SourceManager()
    tree = SyntaxTree.fromBuffer(manager.assignText(f"{IN_MEMORY}source.sv", text), manager)
    # A text with a single declaration has that declaration as its root.
    root: Any = tree.root
    members = root.members if root.kind.name == "CompilationUnit" else [root]
    data = text.encode("utf-8", "surrogateescape")  # pyslang counts bytes
    pieces: list[bytes] = []
    done = 0
    for member in members:
        if member.kind.name != "ModuleDeclaration" or member.header.name.valueText not in modules:
            continue
        edges = [member.header.sourceRange.end, member.endmodule.location]
        if member.endmodule.isMissing or not all(map(manager.isFileLoc, edges)):
            continue
        start, end = (edge.offset for edge in edges)
        if not done <= start < end:
            continue
        if end - start <= keep:
            continue
        body_end = data.rfind(b"\n", start, start + keep)
        if body_end < 0:
            body_end = start
            kept = b"".join(b"\n  " + each for each in _kept(member, data, manager))
        else:
            kept = data[start:body_end]
        lines = data.count(b"\n", body_end, end)
        note = f"\n  {LEFT_OUT}{lines} lines of the body are left out here ...\n".encode()
        pieces += [data[done:start], kept, note]
        done = end
    return b"".join([*pieces, data[done:]]).decode("utf-8", "surrogateescape")


def _kept(member: Any, data: bytes, manager: Any) -> Iterator[bytes]:
    for each in member.members:
        reach = each.sourceRange
        if each.kind.name in _KEPT_MEMBERS and all(map(manager.isFileLoc, (reach.start, reach.end))):
            yield data[reach.start.offset : reach.end.offset]
