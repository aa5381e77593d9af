"""The search: generations of trials until they no longer pay, then the few that are needed, confirmed in a chain."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build.slots import usable_cores
from llm4cov_engine.events import Emit, Stage, StageName
from llm4cov_engine.process import together
from llm4cov_engine.search.stimulus import Code, cycles_of, tidied

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llm4cov_engine.coverage.coverage import Coverage
    from llm4cov_engine.coverage.point import Point
    from llm4cov_engine.search.driver import Chain, Driver, Win
    from llm4cov_engine.search.stimulus import Program

JOBS: Final = 4
"""Processes a generation is divided into, on however many cores: the answer must not depend on the machine."""

_FIRST: Final = 1_200_000
"""Cycles of each job of the first generation, for a design of `_SIZE` bytes of C++."""

_SIZE: Final = 40_000
_FEWEST: Final = 15_000
_GROWTH: Final = 1.6
_MOST_GENERATIONS: Final = 14
_PATIENCE: Final = 2
"""Generations without anything new after which a search ends."""

_LONGEST: Final = 140_000
"""Cycles of the longest stretch: twice what a 16-bit counter counts."""

_OVERHEAD: Final = 60
"""Cycles that beginning a trial costs as much as, for a design of `_SIZE`."""

_KEPT: Final = 60
"""Programs a generation goes on from."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A program of the result, with the points it is the first to hit."""

    program: Program
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search came to.

    Attributes:
        trials: to be run one after the other.
        coverage: what they cover, as the driver measured it.
        cut_short: the time ran out before the search ended by itself.
    """

    trials: tuple[Trial, ...]
    coverage: Coverage | None
    generations: int
    cut_short: bool = False

    @property
    def cycles(self) -> int:
        """Of all trials, at most."""
        return sum(cycles_of(trial.program) for trial in self.trials)


class Search:
    """One search on a built driver.

    Args:
        seed: everything that is drawn depends on it and on nothing else.
        seconds: after which the search ends wherever it is.
    """

    def __init__(self, driver: Driver, *, seed: int, seconds: float, emit: Emit) -> None:
        self._driver = driver
        self._seed = seed
        self._end = time.monotonic() + seconds
        self._emit = emit
        self._wins: list[Win] = []
        self._hit: set[int] = set()
        self._scale = max(1.0, (driver.built.size / _SIZE) ** 0.9)

    async def run(self, given: Sequence[Program] = ()) -> Searched:
        """Search, select and confirm.

        Args:
            given: programs to begin with, such as witnesses; they count once the driver has confirmed them.
        """
        points, _ = await self._driver.points()
        self._total = len(points.points)
        by_counter: dict[int, list[Point]] = {}
        for point in points.per_instance:
            by_counter.setdefault(point.hits - 1, []).append(point)
        generations, cut_short = await self._explore(list(given), frozenset(by_counter))
        chain, programs = await self._selected()
        trials = tuple(
            Trial(program, tuple(point for counter in run.first for point in by_counter.get(counter, ())))
            for program, run in zip(programs, chain.runs, strict=False)
        )
        return Searched(trials, chain.coverage, generations, cut_short)

    async def _explore(self, given: list[Program], all_counters: frozenset[int]) -> tuple[int, bool]:
        """Generations of trials; returns how many, and whether the time ran out."""
        idle = 0
        cycles = max(_FEWEST, int(_FIRST / self._scale))
        for generation in range(_MOST_GENERATIONS):
            left = self._left
            if left <= 0:
                return generation, True
            self._tell(generation)
            before = len(self._hit)
            corpus = [*given, *(win.program for win in self._wins[-_KEPT:])]
            done = await self._generation(generation, cycles, corpus, left)
            if all_counters <= self._hit:
                return generation + 1, False
            # A first generation finds most things by luck: what it misses deserves a second one.
            idle = 0 if len(self._hit) > before else idle + 1
            if idle >= _PATIENCE:
                return generation + 1, False
            if not done:
                return generation + 1, True
            cycles = int(cycles * _GROWTH)
        return _MOST_GENERATIONS, False

    async def _generation(
        self, generation: int, cycles: int, corpus: Sequence[Program], seconds: float
    ) -> bool:
        slots = asyncio.Semaphore(usable_cores())
        known = frozenset(self._hit)
        longest = max(400, min(_LONGEST, cycles // 4))

        async def job(number: int) -> tuple[tuple[Win, ...], bool]:
            async with slots:
                return await self._driver.explore(
                    seed=self._seed * 1_000_003 + generation * JOBS + number,
                    cycles=cycles,
                    longest=longest,
                    overhead=_OVERHEAD,
                    known=known,
                    corpus=corpus,
                    deadline=max(0.5, min(seconds, self._left)),
                )

        answers = await together(*(job(number) for number in range(JOBS)))
        for wins, _ in answers:
            for win in wins:
                if win.hits - self._hit:
                    self._hit |= win.hits
                    self._wins.append(win)
        return all(complete for _, complete in answers)

    @property
    def _left(self) -> float:
        return self._end - time.monotonic()

    def _tell(self, generation: int) -> None:
        detail = f"searching stimulus, generation {generation + 1}, {len(self._hit)} counters hit"
        self._emit(Stage(StageName.PROPOSING, detail))

    async def _selected(self) -> tuple[Chain, tuple[Program, ...]]:
        """The few programs that hit everything, in an order in which they do."""
        self._emit(Stage(StageName.PROPOSING, "choosing the trials that are needed"))
        chosen = _ordered(cover(self._wins, self._hit))
        chain = await self._driver.chain([win.program for win in chosen])
        for _ in range(3):
            lost = self._hit - chain.hits
            if not lost or not chain.whole:
                break
            used = {win.program for win in chosen}
            more = cover([win for win in self._wins if win.program not in used], lost)
            if not more:
                break
            candidate = _ordered([*chosen, *more])
            longer = await self._driver.chain([win.program for win in candidate])
            if not longer.whole or len(longer.hits) <= len(chain.hits):
                break
            chosen, chain = candidate, longer
        chosen = [win for win, _ in zip(chosen, chain.runs, strict=False)] if chain.whole else chosen
        if not chain.whole:
            chosen, chain = await self._whole(chosen, chain)
        programs = tuple(win.program for win in chosen)
        return await self._reduced(programs, chain)

    async def _whole(self, chosen: list[Win], chain: Chain) -> tuple[list[Win], Chain]:
        """Leave out programs that, after others, run into what ends the simulation."""
        while not chain.whole and chosen:
            broken = next(number for number, run in enumerate(chain.runs) if not run.whole)
            chosen = [win for number, win in enumerate(chosen) if number != broken]
            chain = await self._driver.chain([win.program for win in chosen])
        return chosen, chain

    async def _reduced(
        self, programs: tuple[Program, ...], chain: Chain
    ) -> tuple[Chain, tuple[Program, ...]]:
        """Shorter programs with the same coverage, in the order in which they stand and in the reverse one."""
        seconds = max(2.0, min(8.0, self._left))
        cycles = int(4_000_000 / self._scale)
        for backwards in (True, False):
            # The first programs may count on the state at time 0.
            order = programs[:1] + programs[:0:-1] if backwards else programs
            shorter = await self._driver.reduce(order, cycles=cycles, deadline=seconds)
            if shorter is None:
                continue
            tidy = tuple(tidied(program) for program in shorter)
            confirmed = await self._driver.chain(tidy, traced=True)
            if confirmed.whole and confirmed.hits >= chain.hits:
                programs, chain = tidy, confirmed
        return chain, programs


def cover(wins: Iterable[Win], wanted: Iterable[int]) -> list[Win]:
    """Programs that hit all that is wanted as far as any does, few and short ones first (greedy set cover)."""
    left = set(wanted)
    candidates = [(win, win.hits & left, 200 + cycles_of(win.program) + 30 * len(win.program)) for win in wins]
    chosen: list[Win] = []
    while left:
        best = max(
            range(len(candidates)), key=lambda i: len(candidates[i][1] & left) / candidates[i][2], default=None
        )
        if best is None or not candidates[best][1] & left:
            break
        chosen.append(candidates[best][0])
        left -= candidates[best][1]
    return chosen


def _ordered(wins: Iterable[Win]) -> list[Win]:
    """Programs that never reset first: only they can count on the state at time 0."""
    return sorted(wins, key=lambda win: any(each.code is Code.RESET for each in win.program))
