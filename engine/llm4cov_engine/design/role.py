"""Whether a module is something to verify, or something that verifies: judged by what it holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pyslang.parsing import TokenKind
from pyslang.syntax import (
    ConcurrentAssertionStatementSyntax,
    DelaySyntax,
    EventControlSyntax,
    EventControlWithExpressionSyntax,
    ForeverStatementSyntax,
    FunctionDeclarationSyntax,
    ImmediateAssertionStatementSyntax,
    PortDeclarationSyntax,
    ProceduralBlockSyntax,
    SyntaxKind,
    SystemNameSyntax,
    VariablePortHeaderSyntax,
    WaitStatementSyntax,
)

from llm4cov_engine.elaboration.syntax import DeclarationKind

if TYPE_CHECKING:
    from llm4cov_engine.elaboration.syntax import Declared


class Role(StrEnum):
    """What a module is there for."""

    DESIGN = "design"
    TESTBENCH = "testbench"
    CHECKER = "checker"
    CELL = "vendor cell"


@dataclass(slots=True)
class Traits:
    """What the body of a module holds, as far as it tells a testbench or a checker from a design.

    Attributes:
        waits: it lets time pass by itself: a delay in an initial block, a generated clock.
        controls: it ends or records a simulation, or reads its command line.
        asserts: it states properties.
        has_outputs: it has an output, an inout or an interface port.
        has_inputs: it has an input, an inout or what may be an interface port.
    """

    waits: bool = False
    controls: bool = False
    asserts: bool = False
    has_outputs: bool = False
    has_inputs: bool = False


def traits_of(member: Any) -> Traits:
    """Read a module's traits off its syntax."""
    traits = Traits()
    _see_ports(member.header, traits)
    for part in member.members:
        if isinstance(part, PortDeclarationSyntax):
            _see_ports(part, traits)
        elif isinstance(part, ProceduralBlockSyntax):
            _see_block(part, traits)
        elif not isinstance(part, FunctionDeclarationSyntax):
            _see_rest(part, traits)
    return traits


def _see_ports(node: Any, traits: Traits) -> None:
    def see(part: Any) -> None:
        if part.kind in _OUTPUTS:
            traits.has_outputs = True
        if part.kind in _INPUTS or (isinstance(part, VariablePortHeaderSyntax) and _may_be_interface(part)):
            traits.has_inputs = True

    node.visit(see)


_BOTH_WAYS = {TokenKind.InOutKeyword, TokenKind.RefKeyword, SyntaxKind.InterfacePortHeader}
_OUTPUTS = _BOTH_WAYS | {TokenKind.OutputKeyword}
_INPUTS = _BOTH_WAYS | {TokenKind.InputKeyword}


def _may_be_interface(header: VariablePortHeaderSyntax) -> bool:
    """Whether a port says no direction but a type: `bus b` looks like `word_t b` after another port."""
    return not header.direction and header.dataType.kind == SyntaxKind.NamedType


def _see_block(block: Any, traits: Traits) -> None:
    """A procedural block; time passes by itself in an initial one, and in `always #5 clk = ~clk;`."""
    control = getattr(block.statement, "timingControl", None)
    delayed = control is not None and control.kind == SyntaxKind.DelayControl
    own_time = block.kind == SyntaxKind.InitialBlock or (block.kind == SyntaxKind.AlwaysBlock and delayed)

    def see(node: Any) -> None:
        kind = type(node)
        if kind in _WAITING:
            traits.waits = traits.waits or own_time
        elif kind in _ASSERTIONS:
            traits.asserts = True
        elif kind is SystemNameSyntax and node.systemIdentifier.valueText in _CONTROLS:
            traits.controls = True

    block.visit(see)


def _see_rest(part: Any, traits: Traits) -> None:
    def see(node: Any) -> None:
        if type(node) in _ASSERTIONS:
            traits.asserts = True

    part.visit(see)


_WAITING = {
    DelaySyntax,
    EventControlSyntax,
    EventControlWithExpressionSyntax,
    ForeverStatementSyntax,
    WaitStatementSyntax,
}

_ASSERTIONS = {ConcurrentAssertionStatementSyntax, ImmediateAssertionStatementSyntax}

_CONTROLS = {
    "$finish",
    "$stop",
    "$dumpfile",
    "$dumpvars",
    "$fsdbDumpfile",
    "$shm_open",
    "$vcdpluson",
    "$test$plusargs",
    "$value$plusargs",
}

_TESTBENCH_NAME = re.compile(
    r"(^|_)(tb|test|testbench|bench|sim|stim\w*)(_|\d|$)|(tb|testbench)$", re.IGNORECASE
)


_CELL = re.compile(r"^(?:(?!//)[^\n])*?`(end)?celldefine\b", re.MULTILINE)


def _is_cell(declared: Declared, text: str) -> bool:
    """Whether a module stands between `celldefine and `endcelldefine (IEEE 1800-2023, 22.10)."""
    if "`celldefine" not in text:
        return False
    *lines, last = text.split("\n")[: declared.span.line]
    marks = list(_CELL.finditer("\n".join([*lines, last[: declared.span.column - 1]])))
    return bool(marks) and marks[-1][1] is None


def role_of(declared: Declared, traits: Traits, text: str) -> Role:
    """Judge a module.

    A module without ports cannot be driven, so it is a testbench or of no use. One with ports is a testbench
    when it makes its own time and either has no output or controls the simulation, or when it controls the
    simulation and is named like one. A checker only looks on: it has no output and states properties.

    Args:
        text: of the file it stands in.
    """
    if declared.kind is DeclarationKind.PROGRAM:
        return Role.TESTBENCH
    if _is_cell(declared, text):
        return Role.CELL
    if not declared.has_ports:
        return Role.TESTBENCH
    named = _TESTBENCH_NAME.search(declared.name) is not None
    if (traits.waits and (traits.controls or not traits.has_outputs)) or (traits.controls and named):
        return Role.TESTBENCH
    if traits.asserts and not traits.has_outputs:
        return Role.CHECKER
    return Role.DESIGN
