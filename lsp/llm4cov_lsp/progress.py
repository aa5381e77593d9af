"""A command's progress in the client, and the client's wish to stop it."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from lsprotocol import types

from llm4cov_engine import Status, events, percent
from llm4cov_lsp.protocol import work_done_token

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from llm4cov_lsp.server import Server

_CREATION_SECONDS = 5
"""A client that does not answer within this time gets no progress."""


class Progress:
    """Work that the client shows.

    Args:
        cancel: called when the client wants to stop.
    """

    def __init__(self, server: Server, title: str, cancel: Callable[[], object]) -> None:
        self._server = server
        self._title = title
        self._cancel = cancel
        self._token: int | str | None = None

    async def begin(self) -> None:
        """Show it, by the token the client gave or one it agrees to."""
        token = work_done_token.get()
        progress = self._server.work_done_progress
        if token is None:
            if not self._server.supports("window", "work_done_progress"):
                return
            token = str(uuid.uuid4())
            try:
                await asyncio.wait_for(progress.create_async(token), _CREATION_SECONDS)
            except Exception:  # a client that refuses goes without
                return
        future: Future[object] = progress.tokens.setdefault(token, _future())
        loop = asyncio.get_running_loop()
        future.add_done_callback(
            lambda done: loop.call_soon_threadsafe(self._cancel) if done.cancelled() else None
        )
        self._token = token
        progress.begin(token, types.WorkDoneProgressBegin(title=self._title, cancellable=True, percentage=0))

    def report(self, message: str, percentage: int | None = None) -> None:
        """Say what it is at."""
        if self._token is not None:
            value = types.WorkDoneProgressReport(cancellable=True, message=message, percentage=percentage)
            self._server.work_done_progress.report(self._token, value)

    def end(self, message: str) -> None:
        """It is over."""
        if self._token is None:
            return
        with suppress(Exception):
            self._server.work_done_progress.end(self._token, types.WorkDoneProgressEnd(message=message))
        # pygls never forgets a token.
        self._server.work_done_progress.tokens.pop(self._token, None)
        self._token = None


class Reading:
    """Turns the engine's events into words of progress."""

    def __init__(self) -> None:
        self._round = 0
        self._rounds = 1
        self._score = ""
        self.words = "starting"
        self.percentage = 0

    def take(self, event: events.Event) -> bool:
        """Take an event; True when there is something new to say."""
        match event:
            case events.RoundStarted(number, rounds, state):
                self._round, self._rounds = number, rounds
                self._score = f"best {percent(state.score)}" if state.feedback else ""
                self.percentage = round(100 * (number - 1) / rounds)
                return self._say("starting")
            case events.Stage(name, detail):
                return self._say(f"{name.value} ({detail})" if detail else name.value)
            case events.RoundFinished(_, done, best):
                self._score = f"best {percent(best.score)}"
                self.percentage = round(100 * self._round / self._rounds)
                feedback = done.feedback
                if feedback.status is Status.SUCCESS:
                    return self._say(f"{percent(feedback.score)} ({done.gain * 100:+.1f})")
                return self._say(feedback.status.value.replace("_", " "))
            case events.Note(text):
                return self._say(text)
            case _:
                return False

    def _say(self, what: str) -> bool:
        counted = f"round {self._round}/{self._rounds}: " if self._rounds > 1 else ""
        words = f"{counted}{what}" + (f", {self._score}" if self._score else "")
        changed, self.words = words != self.words, words
        return changed


def _future() -> Future[object]:
    from concurrent.futures import Future

    return Future()
