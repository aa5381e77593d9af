"""An example: a round, what it teaches, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from llm4cov_engine.dataset.export.conversation import Conversation
from llm4cov_engine.digest import digest
from llm4cov_engine.policy.chat.completion import estimate
from llm4cov_engine.session.node import Node
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.state import Transition

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.state import State

SHORT_TOKENS = 1_000
"""RTL of at most so many tokens is a short design (the paper's `context_length_label`)."""


class RunType(StrEnum):
    """What an example teaches, by the paper's names."""

    DIRECT = "direct_infer"
    """To write a testbench from nothing."""
    MEND = "agentic_xrun"
    """To mend one that did not run."""
    EXTEND = "agentic_coverage"
    """To cover more than a testbench that did."""


@dataclass(frozen=True)
class Origin:
    """Where a round is recorded.

    Attributes:
        session: id of its session.
        node: the state it led to.
        tool: version of llm4cov-assist that recorded it.
        settings: what the session was begun with.
    """

    session: str
    node: Node
    tool: str
    settings: Mapping[str, Any]

    @property
    def dataset(self) -> str:
        """Name of the dataset the design is from; "sessions" for a repository's own."""
        return str(self.settings.get("dataset") or "sessions")


@dataclass(frozen=True)
class Example:
    """A round as an example to learn from.

    Attributes:
        transition: the round.
        conversation: what it teaches.
        origin: where it is recorded.
    """

    transition: Transition
    conversation: Conversation
    origin: Origin

    @property
    def design(self) -> Design:
        """R."""
        return self.transition.state.design

    @property
    def run_type(self) -> RunType:
        """What it teaches."""
        return run_type(self.transition.state)

    @property
    def length_label(self) -> str:
        """By the tokens of the RTL: "short" or "long"."""
        return "short" if rtl_tokens(self.design) <= SHORT_TOKENS else "long"

    @property
    def state_key(self) -> str:
        """The same for examples that answer the same question, in whatever session."""
        return state_key(self.transition.state)

    @property
    def order(self) -> tuple[str, str, int]:
        """Place in an export: by design, then as recorded."""
        return (self.design.id, self.origin.session, self.origin.node.number)


def run_type(state: State) -> RunType:
    """What a round from a state teaches."""
    if state.testbench is None:
        return RunType.DIRECT
    succeeded = state.feedback is not None and state.feedback.status is Status.SUCCESS
    return RunType.EXTEND if succeeded else RunType.MEND


def state_key(state: State) -> str:
    """Identity of a state across sessions: the design, the testbench and what came of it."""
    feedback = state.feedback
    return digest(
        (
            state.design.digest,
            state.testbench.digest if state.testbench else "",
            f"{feedback.status} {feedback.score!r}" if feedback else "",
        )
    )


def rtl_tokens(design: Design) -> int:
    """Roughly how many tokens the RTL has, headers included."""
    return sum(estimate(file.text) for file in (*design.sources, *design.headers))
