"""What widgets and the desk tell the screen: small records, and nothing else passes between them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textual.message import Message

from llm4cov_assist.tui.standing import Standing
from llm4cov_engine import Candidate, Hole, Node, Problem, Proposal, State, Testbench, events


@dataclass
class OpenFile(Message):
    """Show a source file; line and column count from 1."""

    name: str
    line: int = 0
    column: int = 1


@dataclass
class OpenNode(Message):
    """Show the testbench of a round."""

    node: Node


@dataclass
class OpenFolder(Message):
    """Work on another repository from now on."""

    folder: Path


@dataclass
class Instructed(Message):
    """A person asked for something in words."""

    text: str


@dataclass
class AimAt(Message):
    """A person wants these holes closed and nothing else."""

    holes: tuple[Hole, ...]


@dataclass
class WaiveAsked(Message):
    """A person wants to waive a hole; the reason is still to be given."""

    hole: Hole


@dataclass
class BranchFrom(Message):
    """Later rounds shall start from this one."""

    node: Node


@dataclass
class CompareAsked(Message):
    """Two rounds are to be compared."""

    first: Node
    second: Node


@dataclass
class WorkOn(Message):
    """Another module becomes the DUT."""

    candidate: Candidate


@dataclass
class CloseQueue(Message):
    """These modules are to be closed one after another."""

    candidates: tuple[Candidate, ...]


@dataclass
class Happened(Message):
    """The engine told of something."""

    event: events.Event


@dataclass
class Begun(Message):
    """A piece of work began."""

    title: str


@dataclass
class Ended(Message):
    """A piece of work is over.

    Attributes:
        error: what the world did wrong, as what happened and what to do; None for nothing.
        stopped: whether a person stopped it.
    """

    title: str
    error: tuple[str, str] | None = None
    stopped: bool = False


@dataclass
class Opened(Message):
    """A design was opened, or could not be."""

    error: tuple[str, str] | None = None
    problems: tuple[Problem, ...] = ()


@dataclass
class Stood(Message):
    """Coverage, holes and rounds were looked at anew."""

    standing: Standing


@dataclass
class Found(Message):
    """Every module of the repository that could be worked on; None while they are looked for."""

    candidates: tuple[Candidate, ...] | None


@dataclass
class ReviewAsked(Message):
    """A proposal waits for a person's word."""

    state: State
    proposal: Proposal


@dataclass
class Reviewed(Message):
    """A person's word: the testbench to run, None to reject the proposal."""

    testbench: Testbench | None


@dataclass
class Checked(Message):
    """Live problems of a text that is being edited."""

    name: str
    problems: tuple[Problem, ...]


@dataclass
class Edited(Message):
    """The text of an editor changed."""

    name: str
