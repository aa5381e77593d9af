"""The search: generations of trials until they no longer pay, then the few that are needed, in a chain."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build.slots import usable_cores
from llm4cov_engine.coverage.coverage import Coverage
from llm4cov_engine.coverage.point import Metric, Point
from llm4cov_engine.events import Emit, Stage, StageName
from llm4cov_engine.process import together
from llm4cov_engine.search.covering import cover, ordered
from llm4cov_engine.search.driver import Win
from llm4cov_engine.search.stimulus import Program, cycles_of, tidied
from llm4cov_engine.search.witnesses import with_reset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.search.driver import Chain, Driver, Explored
    from llm4cov_engine.search.effort import Effort

_BIT: Final = re.compile(r"(?P<name>[\w.$]+)\[(?P<bit>\d+)\]:0->1")

JOBS: Final = 4
"""Processes a generation is divided into, on however many cores: the answer does not depend on them."""

_FIRST: Final = 800_000
"""Cycles of each job of the first generation, for a design of `_SIZE` bytes of C++."""

_SIZE: Final = 40_000
_FEWEST: Final = 15_000
_GROWTH: Final = 1.6
_MOST_GENERATIONS: Final = 14
_LATE: Final = 8
"""A generation after which there is no more of the greatest length to be tried."""

_FOREVER: Final = 3600.0
_LEAST: Final = 0.2
"""Share of the time that trials get in any case."""
_LONGEST: Final = 140_000
"""Cycles of the longest stretch: twice what a 16-bit counter counts."""

_FARTHEST: Final = 1_000_000
"""Cycles of the longest stretch in a last generation."""

_MARATHONS: Final = 18
_MORE_MARATHONS: Final = 50
"""Per cent of the cycles for trials of the longest stretches; more where something did not count far."""

_DEEP_BIT: Final = 9
"""A register's bit that short trials do not toggle when it counts."""

_OVERHEAD: Final = 60
"""Cycles that beginning a trial costs as much as, for a design of `_SIZE`."""

_MENDING: Final = 3
"""Generations that look for what the trials lose when they run one after the other."""

_MENDING_WORK: Final = 3.0
"""Seconds of the processor for each of them."""

_REDUCING: Final = 12_000_000
"""Cycles spent on making the trials shorter, twice, for a design of `_SIZE`."""

_REDUCING_WORK: Final = 3.0
"""Seconds of the processor for it, each time."""

_FIRSTS: Final = 3
"""Programs that are tried as the first of all."""

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
        effort: how much it may do.
        began: when its time began, on the monotonic clock.
    """

    def __init__(self, driver: Driver, *, seed: int, effort: Effort, began: float, emit: Emit) -> None:
        self._driver = driver
        self._seed = seed
        self._patience = effort.patience
        self._work = effort.work
        self._end: float | None = None
        if effort.seconds is not None:
            # However long the build took, something has to be tried.
            self._end = max(began + effort.seconds, time.monotonic() + _LEAST * effort.seconds)
        self._emit = emit
        self._wins: list[Win] = []
        self._by_counter: dict[int, list[Point]] = {}
        self._hit: set[int] = set()
        self._base: tuple[Program, ...] = ()
        self._scale = max(1.0, (driver.built.size / _SIZE) ** 0.9)

    async def run(self, base: Sequence[Program] = (), given: Sequence[Program] = ()) -> Searched:
        """Search, select and confirm.

        Args:
            base: programs of an earlier search, which stay as they are: what is found is added after them.
            given: programs to try first, such as witnesses; like all others they count when confirmed.
        """
        points, count = await self._driver.points()
        by_counter: dict[int, list[Point]] = {}
        for point in points.per_instance:
            # What is counted more than once has no number of its own.
            if point.hits > count:
                continue
            by_counter.setdefault(point.hits - 1, []).append(point)
        self._by_counter = by_counter
        self._base = tuple(base)
        if base:
            chain = await self._driver.chain(base)
            if chain.whole:
                self._hit |= chain.hits
            else:
                self._base = ()
        await self._try(given)
        generations, cut_short = await self._explore(list(given), frozenset(by_counter))
        programs, chain = await self._selected()
        programs, chain = await self._mended(programs, chain)
        programs, chain = await self._reduced(programs, chain)
        trials = tuple(
            Trial(program, tuple(point for counter in run.first for point in by_counter.get(counter, ())))
            for program, run in zip(programs, chain.runs, strict=False)
        )
        return Searched(trials, chain.coverage, generations, cut_short)

    async def _try(self, given: Sequence[Program]) -> None:
        """Run what was given after the base, as it is and after a reset; what brings something counts."""
        for program in given:
            for variant in dict.fromkeys((with_reset(program, self._driver.setup), program)):
                if self._is_over:
                    return
                chain = await self._driver.chain((*self._base, variant))
                if chain.whole and chain.hits - self._hit:
                    self._hit |= chain.hits
                    self._wins.append(Win(variant, chain.hits))
                    break

    async def _explore(self, given: list[Program], all_counters: frozenset[int]) -> tuple[int, bool]:
        """Generations of trials; returns how many, and whether the time ran out."""
        idle = 0
        longest = _LONGEST
        cycles = max(_FEWEST, int(_FIRST / self._scale))
        for generation in range(_MOST_GENERATIONS):
            if self._is_over:
                return generation, True
            self._tell(generation)
            before = len(self._hit)
            corpus = [*given, *(win.program for win in self._wins[-_KEPT:])]
            wins, done = await self._generation(
                generation, cycles, corpus, frozenset(self._hit), longest=longest
            )
            for win in wins:
                if win.hits - self._hit:
                    self._hit |= win.hits
                    self._wins.append(win)
            if all_counters <= self._hit:
                return generation + 1, False
            idle = 0 if len(self._hit) > before else idle + 1
            if idle >= self._patience + self._is_deep():
                late = generation >= _LATE
                if longest == _FARTHEST or cycles // 3 <= _LONGEST or late:
                    return generation + 1, False
                # At the end a few trials of the greatest length: dividers behind each other take their time.
                longest = _FARTHEST
            if not done:
                return generation + 1, True
            cycles = int(cycles * _GROWTH)
        return _MOST_GENERATIONS, False

    async def _generation(
        self,
        number: int,
        cycles: int,
        corpus: Sequence[Program],
        known: frozenset[int],
        prefix: Sequence[Program] = (),
        longest: int = 0,
        work: float | None = None,
    ) -> tuple[list[Win], bool]:
        """One generation on all cores; what it found, and whether every job came to its end."""
        slots = asyncio.Semaphore(usable_cores())
        far = longest == _FARTHEST
        longest = max(400, min(longest or _LONGEST, cycles // (3 if far else 4)))

        share = max(1.0, self._work if work is None else work) / JOBS

        async def job(index: int) -> Explored:
            async with slots:
                return await self._driver.explore(
                    seed=self._seed * 1_000_003 + number * JOBS + index,
                    cycles=cycles,
                    longest=longest,
                    overhead=_OVERHEAD,
                    marathons=_MORE_MARATHONS if far or self._is_deep() else _MARATHONS,
                    work=share,
                    known=known,
                    corpus=corpus,
                    prefix=prefix,
                    deadline=max(0.5, self._left),
                )

        answers = await together(*(job(index) for index in range(JOBS)))
        if work is None:
            self._work -= sum(each.spent for each in answers)
        return [win for each in answers for win in each.wins], not any(each.cut for each in answers)

    def _is_deep(self) -> bool:
        """Whether a register toggled its lower bits and not the upper ones, as a counter that had no time."""
        ports = {port.name for port in self._driver.setup.ports}
        toggled: dict[tuple[str, str], int] = {}
        missed: set[tuple[str, str]] = set()
        for counter, points in self._by_counter.items():
            for point in points:
                if point.metric is not Metric.TOGGLE or (match := _BIT.fullmatch(point.what)) is None:
                    continue
                name, bit = (point.instance, match["name"]), int(match["bit"])
                if counter in self._hit:
                    toggled[name] = max(bit, toggled.get(name, 0))
                elif bit >= _DEEP_BIT and match["name"] not in ports:
                    missed.add(name)
        return any(toggled.get(name, 0) > 1 for name in missed)

    @property
    def _left(self) -> float:
        """Seconds."""
        return _FOREVER if self._end is None else self._end - time.monotonic()

    @property
    def _grace(self) -> float:
        """Seconds for what has to be done even when the time is up."""
        return max(10.0, self._left)

    @property
    def _is_over(self) -> bool:
        return self._left <= 0 or self._work <= 0

    def _tell(self, generation: int) -> None:
        detail = f"searching stimulus, generation {generation + 1}, {len(self._hit)} counters hit"
        self._emit(Stage(StageName.PROPOSING, detail))

    async def _selected(self) -> tuple[tuple[Program, ...], Chain]:
        """The few programs that hit everything, in an order in which they do."""
        self._emit(Stage(StageName.PROPOSING, "choosing the trials that are needed"))
        chosen = ordered(cover(self._wins, self._hit))
        programs, chain = await self._whole((*self._base, *(win.program for win in chosen)))
        if self._base:
            return programs, chain
        # Only one program sees the state at time 0: the one that most is lost without.
        lost = self._hit - chain.hits
        firsts = sorted((win for win in self._wins if win.hits & lost), key=lambda win: -len(win.hits & lost))
        for first in firsts[:_FIRSTS]:
            others = (win.program for win in chosen if win is not first)
            tried, confirmed = await self._whole((first.program, *others))
            if len(confirmed.hits) > len(chain.hits):
                programs, chain = tried, confirmed
        return programs, chain

    async def _mended(self, programs: tuple[Program, ...], chain: Chain) -> tuple[tuple[Program, ...], Chain]:
        """More programs for what was only hit from the state at time 0, found from where the chain ends."""
        for number in range(_MENDING):
            lost = self._hit - chain.hits
            if not lost or self._left <= 0:
                break
            reachers = [win.program for win in self._wins if win.hits & lost][-_KEPT:]
            cycles = max(_FEWEST, int(_FIRST / self._scale) // 2)
            wins, _ = await self._generation(
                _MOST_GENERATIONS + number, cycles, reachers, chain.hits, prefix=programs, work=_MENDING_WORK
            )
            more = [win.program for win in cover(wins, lost)]
            # What was found first is tried first: its state is the one the chain really ends in.
            longer, confirmed = await self._whole((*programs, *more))
            if len(confirmed.hits) > len(chain.hits):
                programs, chain = longer, confirmed
        return programs, chain

    async def _whole(
        self, programs: tuple[Program, ...], *, traced: bool = False
    ) -> tuple[tuple[Program, ...], Chain]:
        """A chain without the programs that, after others, run into what ends the simulation."""
        chain = await self._driver.chain(programs, traced=traced, deadline=self._grace)
        while not chain.whole and programs:
            broken = next(number for number, run in enumerate(chain.runs) if not run.whole)
            programs = programs[:broken] + programs[broken + 1 :]
            chain = await self._driver.chain(programs, traced=traced, deadline=self._grace)
        return programs, chain

    async def _reduced(
        self, programs: tuple[Program, ...], chain: Chain
    ) -> tuple[tuple[Program, ...], Chain]:
        """Shorter programs with the same coverage.

        In the reverse order too: what came late may make superfluous what came first.
        """
        base, own = programs[: len(self._base)], programs[len(self._base) :]
        cycles = int(_REDUCING / self._scale)
        for backwards in (False, True):
            if self._left <= 0:
                break
            # The first of all may count on the state at time 0.
            order = (own[::-1] if base else own[:1] + own[:0:-1]) if backwards else own
            shorter = await self._driver.reduce(
                order, prefix=base, cycles=cycles, work=_REDUCING_WORK, deadline=max(0.5, self._left)
            )
            tidy = tuple(tidied(program) for program in shorter)
            programs, confirmed = await self._whole((*base, *tidy), traced=True)
            if confirmed.hits < chain.hits:
                # What a program left behind for another may be gone with it.
                programs, confirmed = await self._mended(programs, confirmed)
            if confirmed.hits >= chain.hits:
                own, chain = programs[len(base) :], confirmed
        return (*base, *own), chain
