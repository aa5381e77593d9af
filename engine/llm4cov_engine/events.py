"""What the engine tells whoever watches: one stream for every front end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum

from llm4cov_engine.simulator.feedback import Feedback
from llm4cov_engine.state import Proposal, State, Transition


class StageName(StrEnum):
    """Stages of a round, in the order they happen."""

    PREPARING = "preparing"
    PROPOSING = "proposing"
    SCREENING = "screening"
    VERILATING = "verilating"
    COMPILING = "compiling"
    SIMULATING = "simulating"
    READING = "reading"
    PROVING = "proving"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage began. `detail` is a few words for a progress line, "" for none."""

    name: StageName
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of a model's reply, as it arrives."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the user."""

    text: str


@dataclass(frozen=True, slots=True)
class RoundStarted:
    """Round `round` of `rounds` begins from `state`; rounds count from 1."""

    round: int
    rounds: int
    state: State


@dataclass(frozen=True, slots=True)
class Proposed:
    """The policy made its proposal."""

    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Measured:
    """The simulator answered."""

    feedback: Feedback


@dataclass(frozen=True, slots=True)
class RoundFinished:
    """A round is over and, where a session records, stored. `best` is the best state so far."""

    round: int
    transition: Transition
    best: State


Event = Stage | Text | Note | RoundStarted | Proposed | Measured | RoundFinished

Emit = Callable[[Event], None]
"""Takes an event, in the event loop's thread; must return at once."""


def ignore(event: Event) -> None:
    """Listen to nothing."""


@asynccontextmanager
async def stream(work: Callable[[Emit], Awaitable[object]]) -> AsyncIterator[AsyncIterator[Event]]:
    """Run `work(emit)` and hand out its events as an async iterator.

    The iterator ends when the work ends, and raises what the work raised. Leaving the block, by whatever
    way, cancels the work and waits until it is gone, so no process outlives the block.
    """
    queue: asyncio.Queue[Event | None] = asyncio.Queue()

    async def run() -> None:
        try:
            await work(queue.put_nowait)
        finally:
            queue.put_nowait(None)

    task = asyncio.create_task(run())

    async def events() -> AsyncIterator[Event]:
        while (event := await queue.get()) is not None:
            yield event
        await task

    try:
        yield events()
    finally:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
