"""What a workbench and its worker tell each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llm4cov_engine.choice import Mode
from llm4cov_engine.events import Event
from llm4cov_engine.guidance import NO_GUIDANCE, Guidance
from llm4cov_engine.project import Project
from llm4cov_engine.session.node import Node
from llm4cov_engine.state import Proposal, State, Transition
from llm4cov_engine.testbench import Testbench

if TYPE_CHECKING:
    from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Start:
    """Where rounds start and are recorded.

    Attributes:
        project: the design and the settings that hold now.
        store: the file of the sessions.
        session: id of the session; None begins one.
        node: number of the state to start from; None for one that was never recorded.
        testbench: of a state that was never recorded; None for s0.
    """

    project: Project
    store: Path
    session: str | None
    node: int | None
    testbench: Testbench | None = None


@dataclass(frozen=True, slots=True)
class RunOrder:
    """One round with a person's testbench; its transition is the result."""

    start: Start
    testbench: Testbench
    note: str


@dataclass(frozen=True, slots=True)
class CloseOrder:
    """Coverage-closing rounds; the best state is the result. See `Workbench.close`.

    Attributes:
        is_reviewed: whether a person looks at every testbench.
        is_held: whether already the first round waits for a person's word.
    """

    start: Start
    rounds: int
    mode: Mode = Mode.MEMORYLESS
    guidance: Guidance = NO_GUIDANCE
    target: float | None = None
    budget_seconds: float | None = None
    is_reviewed: bool = False
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop the order under way."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question: the testbench of a review, None where it was rejected or to go on."""

    testbench: Testbench | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """Asks whether the next round may begin; answered when it may."""


@dataclass(frozen=True, slots=True)
class ReviewOf:
    """Asks a person about a proposal."""

    state: State
    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Begun:
    """The session that rounds are recorded in."""

    session: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """A round is stored: its node, and the state there."""

    node: Node
    state: State


@dataclass(frozen=True, slots=True)
class Moved:
    """The next round starts from another state, which is one of the session's."""

    node: Node
    state: State


@dataclass(frozen=True, slots=True)
class Told:
    """What the engine tells whoever watches."""

    event: Event


@dataclass(frozen=True, slots=True)
class Logged:
    """A line for the log."""

    logger: str
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The order is over, and nothing of it is left.

    Attributes:
        result: what it made; None where it was cancelled or failed.
        error: why it failed.
    """

    result: Transition | State | None = None
    error: Exception | None = None
    is_cancelled: bool = False


Order: TypeAlias = "RunOrder | CloseOrder"
Request: TypeAlias = "RunOrder | CloseOrder | Cancel | Answer"
Reply: TypeAlias = "Begun | Recorded | Moved | Told | Ready | ReviewOf | Logged | Ended"
