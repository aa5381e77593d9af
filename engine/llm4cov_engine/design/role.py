"""Whether a module is something to verify, or something that verifies: judged by what it holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

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
        ends: it ends or records a simulation.
        asserts: it states properties.
        has_outputs: it has an output, an inout or an interface port.
    """

    waits: bool = False
    ends: bool = False
    asserts: bool = False
    has_outputs: bool = False


def traits_of(member: Any) -> Traits:
    """Read a module's traits off its syntax."""
    traits = Traits()
    for block in getattr(member, "members", ()):
        if block.kind.name in ("InitialBlock", "AlwaysBlock"):
            _see_block(block, traits)

    def see(node: Any) -> None:
        kind = node.kind.name
        if kind in _ASSERTIONS:
            traits.asserts = True
        elif kind in _OUTPUTS:
            traits.has_outputs = True

    member.visit(see)
    return traits


_ASSERTIONS = {
    "AssertPropertyStatement",
    "AssumePropertyStatement",
    "CoverPropertyStatement",
    "RestrictPropertyStatement",
    "ImmediateAssertStatement",
    "ImmediateAssumeStatement",
    "ImmediateCoverStatement",
}

_OUTPUTS = {"OutputKeyword", "InOutKeyword", "RefKeyword", "InterfacePortHeader"}


def _see_block(block: Any, traits: Traits) -> None:
    """An initial block, or an always block that waits before it does anything: `always #5 clk = ~clk;`."""
    always = block.kind.name == "AlwaysBlock"
    control = getattr(block.statement, "timingControl", None)
    if always and (control is None or control.kind.name != "DelayControl"):
        return
    traits.waits = traits.waits or always

    def see(node: Any) -> None:
        kind = node.kind.name
        if kind in ("DelayControl", "ForeverStatement", "EventControl", "EventControlWithExpression"):
            traits.waits = True
        elif kind == "SystemIdentifier" and node.valueText in _ENDINGS:
            traits.ends = True

    block.visit(see)


_ENDINGS = {"$finish", "$stop", "$dumpfile", "$dumpvars", "$fsdbDumpfile", "$shm_open", "$vcdpluson"}

_TESTBENCH_NAME = re.compile(
    r"(^|_)(tb|test|testbench|bench|sim|stim\w*)(_|\d|$)|(tb|testbench)$", re.IGNORECASE
)


def role_of(declared: Declared, traits: Traits, text: str) -> Role:
    """Judge a module.

    A module without ports cannot be driven, so it is a testbench or of no use; one with ports is a testbench
    when it makes its own time and ends the simulation, or ends it and is named like one. A checker only looks
    on: it has no output and states properties.

    Args:
        text: of the file it stands in.
    """
    if declared.kind is DeclarationKind.PROGRAM:
        return Role.TESTBENCH
    if "`celldefine" in text:
        return Role.CELL
    if not declared.has_ports:
        return Role.TESTBENCH
    named = _TESTBENCH_NAME.search(declared.name) is not None
    if traits.ends and (traits.waits or named):
        return Role.TESTBENCH
    if traits.asserts and not traits.has_outputs:
        return Role.CHECKER
    return Role.DESIGN
