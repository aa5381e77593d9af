"""Rounds of a design under way: one at a time, with progress, until they end or somebody stops them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from lsprotocol import types

from llm4cov_engine import Llm4CovError, events
from llm4cov_lsp.progress import Progress, Reading
from llm4cov_lsp.publishing import reload_desk, tell_status
from llm4cov_lsp.server import words_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from llm4cov_lsp.desks import Desk
    from llm4cov_lsp.server import Server

Result = TypeVar("Result")

STOPPED: dict[str, Any] = {"status": "stopped"}
"""Answer of a command that was stopped."""


async def carry_out(
    server: Server, desk: Desk, title: str, work: Callable[[events.Emit], Awaitable[Result]]
) -> Result | None:
    """Run rounds of a design; None when they were stopped or failed, which the person has been told.

    Cancelling waits until every process of theirs is gone, and so does stopping them by any of the ways a
    client has: the progress, the request, the command.
    """
    if desk.task is not None:
        server.tell(f"{desk.workbench.design.id} is busy. Stop it, or wait.", types.MessageType.Warning)
        return None
    task: asyncio.Task[Any] = server.tasks.start(_shown(server, desk, title, work), title)
    desk.task = task
    tell_status(server, desk)
    server.refresh()
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.done():
            # The request was cancelled, not the work: the one means the other.
            task.cancel()
            await asyncio.wait([task])
            raise
        return None
    except Llm4CovError as error:
        server.tell(words_of(error), types.MessageType.Error)
        return None
    finally:
        desk.task = None
        desk.stage = ""
        desk.shown = None
        server.tasks.start(_afterwards(server, desk), "afterwards")


async def stop(desks: tuple[Desk, ...]) -> int:
    """Stop the rounds of designs; how many were under way."""
    tasks = [desk.task for desk in desks if desk.task is not None]
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
    return len(tasks)


async def _shown(
    server: Server, desk: Desk, title: str, work: Callable[[events.Emit], Awaitable[Result]]
) -> Result:
    current = asyncio.current_task()
    assert current is not None
    progress = Progress(server, title, current.cancel)
    reading = Reading()

    def emit(event: events.Event) -> None:
        if isinstance(event, events.RoundFinished):
            desk.shown = event.best
            server.looks.ask(str(desk.place.path))
        if reading.take(event):
            desk.stage = reading.words
            progress.report(reading.words, reading.percentage)
            tell_status(server, desk)

    said = "stopped"
    try:
        await progress.begin()
        result = await work(emit)
        said = reading.words
        return result
    except Llm4CovError as error:
        said = error.what
        raise
    finally:
        progress.end(said)


async def _afterwards(server: Server, desk: Desk) -> None:
    """Show what came of it; read again what has changed on the disk meanwhile."""
    if desk.needs_reload:
        await reload_desk(server, desk)
    server.looks.ask(str(desk.place.path))
    await server.looks.settled(str(desk.place.path))
