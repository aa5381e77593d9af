"""A node of a session's tree, light enough to hold and list by the thousand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.state import Author, Tokens

_NO_TOKENS = Tokens()


@dataclass(frozen=True, slots=True)
class Node:
    """A state a session has reached, and how.

    Attributes:
        number: in the order of recording, from 1; 0 is s0.
        parent: number of the state the proposal was made from; None for s0.
        created: when it was recorded, in UTC.
        author: who proposed it; None for s0, and for a state that was brought in from outside.
        policy: the policy's name, "" without a proposal.
        note: what the proposal tried, in one line.
        model: the model that was asked, "" for none.
        tokens: what the proposal cost.
        status: how its simulation ended; None where nothing was simulated.
        score: Cov(s) in [0, 1].
        gain: Cov(s') - Cov(s) of the round that led here, in [-1, 1]; 0 without a round.
        closed: whether nothing was left to do.
        seconds: wall-clock seconds of the round.
        goodness: order of states, as `State.goodness`.
    """

    number: int
    parent: int | None
    created: datetime
    author: Author | None = None
    policy: str = ""
    note: str = ""
    model: str = ""
    tokens: Tokens = _NO_TOKENS
    status: Status | None = None
    score: float = 0.0
    gain: float = 0.0
    closed: bool = False
    seconds: float = 0.0
    goodness: tuple[bool | int | float, ...] = ()
