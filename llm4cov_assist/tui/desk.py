"""The desk: what the screen asks of the workbench, and the messages that come of it.

One piece of work runs at a time. Nothing here draws, and nothing here knows how a round is made.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm4cov_assist.tui.messages import Begun, Ended, Found, Happened, Opened, ReviewAsked, Stood
from llm4cov_assist.tui.standing import Lookout, Standing
from llm4cov_assist.tui.talk import Talk
from llm4cov_engine import (
    NO_GUIDANCE,
    DesignOptions,
    Llm4CovError,
    Workbench,
    candidates,
    elaborate,
    events,
    in_thread,
    rtl_files,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from textual.message import Message

    from llm4cov_engine import (
        Candidate,
        Design,
        Elaboration,
        Guidance,
        Hole,
        Node,
        Proposal,
        State,
        Testbench,
    )

_LOG = logging.getLogger(__name__)

_WARM_SECONDS = 3.0
"""How long after a design was opened the process for its rounds is begun: the screen comes first."""

_GATHER_SECONDS = 0.05
"""How long tokens are gathered before they are told: they come faster than a screen is drawn."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the user named on the command line; see `Workbench.open`."""

    name: str
    options: DesignOptions | None = None
    flags: dict[str, dict[str, Any]] | None = None
    session: str | None = None

    @property
    def folder(self) -> Path | None:
        """The repository; None for a single file or a row of a dataset."""
        path = Path(self.name.partition("#")[0])
        if path.name == "llm4cov.toml":
            path = path.parent
        return path.resolve() if path.is_dir() else None


class Desk:
    """Work on one repository.

    Attributes:
        workbench: None until a design was opened, and where none could be.
        automatic: whether rounds go on without a person's word.
        elaboration: of the design; None while there is none.
        error: why there is no design.
        talk: what a person says, kept with the session.
    """

    def __init__(self, request: Request, post: Callable[[Message], object]) -> None:
        self.request = request
        self.workbench: Workbench | None = None
        self.automatic = False
        self.elaboration: Elaboration | None = None
        self.error: tuple[str, str] | None = None
        self.files: tuple[str, ...] = ()
        self._post = post
        self._lookout: Lookout | None = None
        self._task: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._warming: asyncio.Task[None] | None = None
        self._look_again: State | None = None
        self._answer: asyncio.Future[Testbench | None] | None = None
        self._stopping = False
        self._tokens: list[str] = []
        self.talk = Talk()

    @property
    def design(self) -> Design | None:
        """The design that is worked on."""
        return self.workbench.design if self.workbench else None

    @property
    def root(self) -> Path | None:
        """The folder file names are relative to."""
        return self.design.root if self.design is not None else self.request.folder

    @property
    def is_busy(self) -> bool:
        """Whether a piece of work is under way."""
        return self._task is not None and not self._task.done()

    @property
    def is_asking(self) -> bool:
        """Whether a proposal waits for a person's word."""
        return self._answer is not None and not self._answer.done()

    def start(self, title: str, work: Callable[[], Coroutine[Any, Any, object]]) -> bool:
        """Begin a piece of work; False when another one is under way."""
        if self.is_busy:
            return False
        self._stopping = False
        self._task = asyncio.create_task(self._guarded(title, work))
        return True

    def stop(self) -> None:
        """Stop what is under way, processes included. What was recorded stays."""
        self._stopping = True
        if self._task is not None:
            self._task.cancel()

    async def end(self) -> None:
        """Stop everything and close the files: the application is about to end."""
        self.stop()
        if self.workbench is not None:
            await self.talk.write(self.workbench)
        for task in (self._task, self._looking, self._warming):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if self.workbench is not None:
            await in_thread(self.workbench.close_files)

    async def open(self, top: str = "") -> None:
        """Open the design, or one module of the repository as the design."""
        request = self.request
        options = request.options
        if top:
            given = options or DesignOptions()
            options = DesignOptions(
                top=top, include_dirs=given.include_dirs, defines=given.defines, specs=given.specs
            )
        try:
            opened = await in_thread(
                lambda: Workbench.open(
                    request.name, options, request.flags, session=None if top else request.session
                )
            )
        except Llm4CovError as error:
            self.error = (error.what, error.remedy)
            self._post(Opened(self.error))
            return
        if self.workbench is not None:
            await in_thread(self.workbench.close_files)
        self.workbench, self.error, self.elaboration = opened, None, None
        self._lookout = Lookout(opened)
        await self.talk.read(opened)
        try:
            self.elaboration = await in_thread(lambda: elaborate(opened.design))
        except Llm4CovError as error:
            self._post(Opened((error.what, error.remedy)))
            return
        self._post(Opened())
        if self._warming is not None:
            self._warming.cancel()
        self._warming = asyncio.create_task(self._warm(opened))

    async def _warm(self, bench: Workbench) -> None:
        await asyncio.sleep(_WARM_SECONDS)
        # What keeps it from beginning is told with the first round.
        with suppress(Llm4CovError):
            await in_thread(bench.warm)

    async def survey(self) -> None:
        """Find the files and modules of the repository."""
        folder = self.request.folder
        try:
            if folder is None:
                return
            self.files = await in_thread(lambda: rtl_files(folder))
            self._post(Found(None))
            self._post(Found(await in_thread(lambda: candidates(folder))))
        except Llm4CovError as error:
            _LOG.warning("%s", error)

    async def scores(self) -> dict[str, float]:
        """The best score any session reached with each module as its top."""
        if self.workbench is None:
            return {}
        found: dict[str, float] = {}
        for summary in await in_thread(self.workbench.store.sessions):
            found[summary.top] = max(found.get(summary.top, 0.0), summary.score)
        return found

    def run(self, testbench: Testbench) -> bool:
        """Simulate a person's testbench."""
        return self._on_workbench("run", lambda bench: bench.run(testbench, emit=self._tell))

    def close(self, *, rounds: int | None = None, guidance: Guidance = NO_GUIDANCE) -> bool:
        """Coverage-closing rounds."""
        return self._on_workbench("close", lambda bench: self._close(bench, rounds, guidance))

    def close_queue(self, queue: Sequence[Candidate], taken: Callable[[str], object]) -> bool:
        """Close modules one after another; `taken` hears the name of each that is done."""

        async def work() -> None:
            for candidate in queue:
                await self.open(candidate.module)
                if self.error is None and self.workbench is not None:
                    await self._close(self.workbench, None, NO_GUIDANCE)
                taken(candidate.module)

        return self.start("queue", work)

    def waive(self, hole: Hole, reason: str) -> bool:
        """Waive a hole and measure anew."""
        return self._on_workbench("waive", lambda bench: bench.waive(hole, reason, emit=self._tell))

    def branch(self, node: Node) -> bool:
        """Start later rounds from another one."""
        return self._on_workbench("branch", lambda bench: in_thread(lambda: bench.go_to(node)))

    def reload(self) -> bool:
        """Read the design again."""

        async def work(bench: Workbench) -> None:
            await in_thread(bench.reload)
            self.elaboration = await in_thread(lambda: elaborate(bench.design))
            self._post(Opened())

        return self._on_workbench("reload", work)

    def new_session(self) -> bool:
        """Begin again from nothing."""

        async def work(bench: Workbench) -> None:
            bench.new_session()

        return self._on_workbench("new session", work)

    def look(self, state: State | None = None) -> None:
        """Look where things stand, and tell; during rounds, `state` is the best one so far."""
        if self._lookout is None:
            return
        self._look_again = state or (self.workbench.state if self.workbench else None)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    def answer(self, testbench: Testbench | None) -> None:
        """A person's word about the proposal that waits."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(testbench)

    def _on_workbench(self, title: str, work: Callable[[Workbench], Coroutine[Any, Any, object]]) -> bool:
        bench = self.workbench
        return bench is not None and self.start(title, lambda: work(bench))

    async def _close(self, bench: Workbench, rounds: int | None, guidance: Guidance) -> None:
        await bench.close(rounds=rounds, guidance=guidance, review=self._review, emit=self._tell)

    async def _guarded(self, title: str, work: Callable[[], Awaitable[object]]) -> None:
        self._post(Begun(title))
        error: tuple[str, str] | None = None
        try:
            await work()
        except asyncio.CancelledError:
            if not self._stopping:
                raise
        except Llm4CovError as trouble:
            error = (trouble.what, trouble.remedy)
        except Exception as fault:
            # A fault of ours must not take a person's afternoon with it: what is recorded is safe.
            _LOG.exception("%s failed", title)
            error = (
                f"Something went wrong inside: {fault!r}.",
                "The log has the details; all rounds are kept.",
            )
        finally:
            self._answer = None
            self._tell_tokens()
            self._post(Ended(title, error, self._stopping))
            self.look()

    async def _review(self, state: State, proposal: Proposal) -> Testbench | None:
        """Ask a person about a proposal, unless rounds are automatic."""
        if self.automatic:
            return proposal.testbench
        self._answer = asyncio.get_running_loop().create_future()
        self._post(ReviewAsked(state, proposal))
        return await self._answer

    def _tell(self, event: events.Event) -> None:
        if isinstance(event, events.Text):
            if not self._tokens:
                asyncio.get_running_loop().call_later(_GATHER_SECONDS, self._tell_tokens)
            self._tokens.append(event.text)
            return
        self._tell_tokens()
        self._post(Happened(event))
        if isinstance(event, events.RoundFinished):
            self.look(event.best)

    def _tell_tokens(self) -> None:
        if self._tokens:
            text = "".join(self._tokens)
            self._tokens.clear()
            self._post(Happened(events.Text(text)))

    async def _look(self) -> None:
        """Look until nothing new has happened meanwhile."""
        while (state := self._look_again) is not None:
            self._look_again = None
            lookout = self._lookout
            if lookout is None:
                return
            try:
                if self.workbench is not None:
                    await self.talk.write(self.workbench)
                standing: Standing = await in_thread(partial(lookout.look, state))
                self._post(Stood(standing))
                if self._look_again is None and standing.nodes:
                    whole = await in_thread(partial(lookout.look_back, standing))
                    if self._look_again is None and self._lookout is lookout:
                        self._post(Stood(whole))
            except Llm4CovError as error:
                self._post(Ended("look", (error.what, error.remedy)))
                return
