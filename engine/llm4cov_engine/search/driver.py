"""Runs the search's program: commands in, answers out."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build.storage import make_folder, remove_tree, storing
from llm4cov_engine.coverage.coverage import Coverage
from llm4cov_engine.coverage.datafile import parse
from llm4cov_engine.design.design import Design
from llm4cov_engine.process import Limits, in_thread
from llm4cov_engine.sandbox.box import Box
from llm4cov_engine.search.building import Built
from llm4cov_engine.search.setup import Setup
from llm4cov_engine.search.stimulus import Program, decoded, encoded
from llm4cov_engine.simulator import reach
from llm4cov_engine.simulator.options import SimulatorOptions
from llm4cov_engine.simulator.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from llm4cov_engine.policy.builtin.conditions import Word
    from llm4cov_engine.search.setup import Lane

_CHAIN_WORK: Final = 110.0
"""Seconds of the processor for a chain of trials, which nothing but a hanging DUT takes."""

_SLACK: Final = 6.0
"""Seconds of the processor after which a process is ended that should have ended by itself."""

_LIMITS: Final = Limits(address_space=8 << 30, file_size=1 << 30, stack=64 << 20, open_files=512)


@dataclass(frozen=True, slots=True)
class Win:
    """A program that reached something, and every counter it hit."""

    program: Program
    hits: frozenset[int]


@dataclass(frozen=True, slots=True)
class Explored:
    """What random programs came to.

    Attributes:
        wins: what reached a counter that was not known.
        cut: it was ended before it had spent its cycles.
        spent: seconds of the processor.
    """

    wins: tuple[Win, ...]
    cut: bool
    spent: float


@dataclass(frozen=True, slots=True)
class Run:
    """What a program did as part of a chain.

    Attributes:
        whole: it came to its end; else the DUT ended the simulation.
        cycles: it took.
        first: counters that nothing before it had hit, each with the cycle after which it was.
    """

    whole: bool
    cycles: int
    first: dict[int, int]


@dataclass(frozen=True, slots=True)
class Chain:
    """What programs did one after the other; `coverage` is of all of them together."""

    runs: tuple[Run, ...]
    coverage: Coverage | None

    @property
    def whole(self) -> bool:
        """Whether every program came to its end."""
        return all(run.whole for run in self.runs)

    @property
    def hits(self) -> frozenset[int]:
        """Counters that were hit."""
        return frozenset(counter for run in self.runs for counter in run.first)


@dataclass(frozen=True, slots=True)
class Driver:
    """The search's program for one design, in a workspace."""

    box: Box
    space: Workspace
    design: Design
    setup: Setup
    options: SimulatorOptions
    built: Built

    async def points(self) -> tuple[Coverage, int]:
        """Every coverage point with the number of its counter plus one as its hits, and how many there are.

        Raises:
            ToolError: the program does not start.
        """
        done = await self._run(["points"], deadline=60.0)
        coverage = _coverage(done.files.get("points.dat"), self.design)
        words = next((line.split() for line in done.answers if line.startswith("points ")), ["", "0", "0"])
        return coverage or _nothing(self.design), int(words[1])

    async def explore(
        self,
        *,
        seed: int,
        cycles: int,
        longest: int,
        overhead: int,
        marathons: int,
        work: float,
        known: Collection[int],
        corpus: Sequence[Program],
        prefix: Sequence[Program] = (),
        deadline: float,
    ) -> Explored:
        """Random programs, and changes of those of the corpus, until so many cycles are spent.

        Args:
            longest: cycles of the longest stretch.
            overhead: cycles that beginning a trial costs.
            marathons: per cent of the cycles that go into trials of the longest stretches.
            work: seconds of the processor after which it ends, whatever has been done.
            prefix: programs that run before every trial; what they hit counts as the trial's.
        """
        lines = [f"known {_many(sorted(known))}", *(f"prefix {encoded(each)}" for each in prefix)]
        lines += [f"program {encoded(each)}" for each in corpus]
        lines.append(f"explore {seed} {cycles} {longest} {overhead} {marathons} {work}")
        done = await self._run(lines, deadline=deadline, work=work)
        wins = []
        cut = not done.complete
        for line in done.answers:
            word, _, rest = line.partition(" ")
            if word == "win":
                words = iter(rest.split())
                program = decoded(words)
                wins.append(Win(program, _set_bits(next(words))))
            elif word == "explored":
                cut = cut or rest.startswith("1")
        return Explored(tuple(wins), cut, done.spent)

    async def chain(
        self, programs: Iterable[Program], *, traced: bool = False, deadline: float = 120.0
    ) -> Chain:
        """Run programs one after the other from the beginning, as a testbench does.

        Args:
            traced: tell the cycle in which a counter was first hit; else that of the program's end.
        """
        lines = [f"program {encoded(each)}" for each in programs]
        done = await self._run([*lines, f"chain {int(traced)}"], deadline=deadline)
        runs = []
        for line in done.answers:
            words = line.split()
            if words[0] == "ran":
                numbers = list(map(int, words[5:]))
                first = dict(zip(numbers[::2], numbers[1::2], strict=True))
                runs.append(Run(words[2] == "1", int(words[3]), first))
        whole = done.complete and len(runs) == len(lines)
        if not whole:
            runs.append(Run(False, 0, {}))
        return Chain(tuple(runs), _coverage(done.files.get("coverage.dat"), self.design))

    async def reduce(
        self,
        programs: Iterable[Program],
        *,
        prefix: Sequence[Program] = (),
        cycles: int,
        work: float,
        deadline: float,
    ) -> tuple[Program, ...]:
        """A chain of shorter programs that hits at least the same.

        Args:
            prefix: programs that run before them and stay as they are.
            cycles: to spend on trying, about.
            work: seconds of the processor after which it ends.
        """
        whole = tuple(programs)
        lines = [f"prefix {encoded(each)}" for each in prefix]
        lines += [f"program {encoded(each)}" for each in whole]
        done = await self._run([*lines, f"reduce {cycles} {work}"], deadline=deadline, work=work)
        found, last = [], 0
        for line in done.answers:
            words = iter(line.split())
            if next(words) == "reduced":
                last = int(next(words))
                found.append(decoded(words))
        # What was not come to within the time stays as it is.
        return (*found, *(() if done.complete and found else whole[last:]))

    async def _run(self, lines: Sequence[str], deadline: float, work: float = _CHAIN_WORK) -> _Done:
        folder = self.space.output / uuid.uuid4().hex[:12]
        commands = "\n".join([*_setup_lines(self.setup), *lines, ""])
        await in_thread(lambda: _write(folder, commands))
        try:
            access = await in_thread(lambda: reach.of_simulation(self.space, self.design, self.options))
            await self.box.run(
                self.built.program,
                [str(folder), f"+verilator+seed+{self.options.seed}"],
                folder=self.space.source,
                access=replace(access, spawns=False),
                deadline=deadline,
                # A DUT may hang within a cycle, where nobody looks at what has been spent.
                limits=replace(_LIMITS, cpu_seconds=int(work + _SLACK)),
                distrusted=True,
            )
            return await in_thread(lambda: _read(folder))
        finally:
            await in_thread(lambda: remove_tree(folder))


@dataclass(frozen=True, slots=True)
class _Done:
    answers: tuple[str, ...]
    complete: bool
    files: dict[str, bytes]

    @property
    def spent(self) -> float:
        """Seconds of the processor that were used, as far as is known."""
        return sum(float(line.split()[1]) for line in self.answers if line.startswith("spent "))


def _write(folder: Path, commands: str) -> None:
    make_folder(folder)
    with storing(folder):
        (folder / "commands").write_text(commands)


def _read(folder: Path) -> _Done:
    """What was written; a line that was cut off, by the deadline or a crash, is left out."""
    try:
        text = (folder / "answers").read_text("ascii", "replace")
    except OSError:
        text = ""
    lines = text.split("\n")[:-1]
    files = {path.name: path.read_bytes() for path in folder.glob("*.dat")}
    complete = bool(lines) and lines[-1] == "end"
    return _Done(tuple(line for line in lines if line and line != "end"), complete, files)


def _coverage(data: bytes | None, design: Design) -> Coverage | None:
    if data is None:
        return None
    return parse(data, top=design.top, instance=design.instance)


def _nothing(design: Design) -> Coverage:
    from llm4cov_engine.coverage.coverage import Coverage

    return Coverage((), path=design.instance)


def _set_bits(digits: str) -> frozenset[int]:
    """Numbers of the bits that are set, four to a digit."""
    return frozenset(
        4 * place + bit
        for place, digit in enumerate(digits)
        if digit != "0"
        for bit in range(4)
        if int(digit, 16) >> bit & 1
    )


def _many(numbers: Sequence[int]) -> str:
    return " ".join(map(str, (len(numbers), *numbers)))


def _setup_lines(setup: Setup) -> list[str]:
    """What the DUT's inputs and outputs are, a line each."""
    lines = [_lane_line(setup, lane) for lane in setup.lanes]
    lines += [f"clock {setup.number(port)}" for port in setup.clocks]
    lines += [f"reset {setup.number(port)} {active}" for port, active in setup.resets]
    lines += [f"output {setup.number(port)}" for port in setup.outputs]
    for port in setup.observed:
        width = setup.ports[setup.number(port)].width
        lines.append(f"observed {setup.number(port)} {_bytes(width)}")
    for bus in setup.buses:
        words = [f"bus {bus.address} {bus.data}"]
        for steps in (bus.write, bus.read):
            words.append(str(len(steps)))
            for drives, until in steps:
                words.append(f"{until} {len(drives)}")
                words += [f"{lane} {given}" for lane, given in drives]
        lines.append(" ".join(words))
    lines.append(f"periods {_many(setup.periods)}")
    return lines


def _lane_line(setup: Setup, lane: Lane) -> str:
    words = [
        f"lane {setup.number(lane.port)} {lane.element} {lane.word} {lane.width} {lane.idle}",
        f"{int(lane.is_serial)} {lane.group} {_many(lane.values)} {len(lane.fields)}",
        *(f"{field.low} {field.width} {_many(field.values)}" for field in lane.fields),
        *(_words(words) for words in (lane.words, lane.script)),
        f"{_many(lane.partners)} {int(lane.is_rare)}",
    ]
    return " ".join(words)


def _words(words: Sequence[Word]) -> str:
    return " ".join((str(len(words)), *(f"{word.mask} {word.value}" for word in words)))


def _bytes(width: int) -> int:
    """Of a port's storage."""
    return next((size for size in (1, 2, 4, 8) if width <= 8 * size), 4 * ((width + 31) // 32))
