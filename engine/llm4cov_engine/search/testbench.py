"""From the trials of a search to the testbench a person keeps."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from llm4cov_engine.policy.builtin.render import environment, parameters_text
from llm4cov_engine.policy.builtin.signals import Signal
from llm4cov_engine.policy.builtin.values import literal
from llm4cov_engine.search.meanings import (
    BODIES,
    COUNTING,
    DRAWN,
    MEANINGS,
    OF_BITS,
    OF_INPUT,
    OF_OUTPUT,
    OF_WIDTH,
    VALUED,
)
from llm4cov_engine.search.reached import reached
from llm4cov_engine.search.reading import MARK, Names, read_trials
from llm4cov_engine.search.searching import Trial
from llm4cov_engine.search.stimulus import BUS_PATIENCE, Code, Mode, Operation, cycles_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jinja2 import Environment

    from llm4cov_engine.elaboration.records import Port
    from llm4cov_engine.policy.builtin.conditions import Word
    from llm4cov_engine.search.setup import Lane, Setup, SetupBus
    from llm4cov_engine.search.stimulus import Program


def read_back(setup: Setup, text: str) -> tuple[Program, ...] | None:
    """The programs of a testbench that a search wrote and nobody changed but for comments; else None."""
    everything = [
        *(Operation(Code.UNTIL, number) for number in range(len(setup.outputs))),
        *(Operation(Code.ACCESS, which, how) for which in range(len(setup.buses)) for how in (0, 1)),
    ]
    programs = read_trials(text, setup, _Text(setup, [Trial(tuple(everything), ())]).names)
    if programs is None:
        return None
    same = testbench_text(setup, [Trial(program, ()) for program in programs], seed=0, reach="")
    return programs if _without_comments(same) == _without_comments(text) else None


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))


def testbench_text(setup: Setup, trials: Sequence[Trial], *, seed: int, reach: str) -> str:
    """A whole testbench.

    Args:
        reach: a sentence that says what the trials cover together.
    """
    return _Text(setup, trials).render(seed, reach)


class _Text:
    """The parts of a testbench that depend on what its trials use."""

    def __init__(self, setup: Setup, trials: Sequence[Trial]) -> None:
        self._setup = setup
        self._bench = setup.bench
        self._trials = trials
        self._names = dict(self._bench.connections)
        operations = [each for trial in trials for each in trial.program]
        self._codes = {each.code for each in operations}
        accesses = {(each.which, bool(each.how)) for each in operations if each.code is Code.ACCESS}
        self._buses = sorted(accesses, key=lambda access: (access[0], not access[1]))
        drives = {(each.which, Mode(each.how)) for each in operations if each.code is Code.DRIVE}
        self._modes = {Mode.HOLD, *(mode for _, mode in drives)}
        self._listed = sorted({lane for lane, mode in drives if mode in (Mode.LISTED, Mode.SEQUENCE)})
        self._fielded = sorted({lane for lane, mode in drives if mode is Mode.FIELDS})
        self._worded = sorted({lane for lane, mode in drives if mode is Mode.WORDS})
        self._scripted = sorted({lane for lane, mode in drives if mode is Mode.SCRIPT})
        self._outputs = self._used_outputs(operations)
        widest = max((lane.width for lane in setup.lanes), default=1)
        self._word = 64 if widest > 32 else 32
        self._lane_names = _unique(
            [f"IN_{lane.name.upper()}" for lane in setup.lanes], set(self._names.values())
        )
        self._output_names = _unique(
            [f"OUT_{setup.outputs[number].upper()}" for number in self._outputs],
            {*self._names.values(), *self._lane_names},
        )
        self._lists: dict[str, tuple[int, tuple[int, ...]]] = {}

    @property
    def names(self) -> Names:
        """What is called how."""
        return Names(
            {name: number for number, name in enumerate(self._lane_names)},
            dict(zip(self._output_names, self._outputs, strict=True)),
            {self._access_name(which, writes): (which, writes) for which, writes in self._buses},
        )

    def render(self, seed: int, reach: str) -> str:
        """The testbench."""
        bench = self._bench
        text = (
            _templates()
            .get_template("testbench.sv.j2")
            .render(
                bench=bench,
                seed=seed,
                mark=MARK,
                reach=reach,
                parameters=parameters_text(bench),
                declarations=self._declarations(),
                assignments=[self._assignment(port) for port in self._driven_ports()],
                clocks=[clock.name for clock in bench.clocks],
                resets=bench.resets,
                **self._about_lanes(),
                **self._about_modes(),
                **self._about_answers(),
                trials=[self._trial(number, trial) for number, trial in enumerate(self._trials, 1)],
            )
        )
        return re.sub(r"\n{3,}", "\n\n", text)

    def _about_lanes(self) -> dict[str, Any]:
        """What stimulus drives, and the values it takes from lists."""
        lanes = self._setup.lanes
        lane_lists = [
            (
                self._lane_names[number],
                self._list(number, "VALUES", lane.width, lane.values),
                len(lane.values),
            )
            for number, lane in self._chosen(self._listed)
        ]
        lane_fields = [
            (self._lane_names[number], self._fields(number, lane))
            for number, lane in self._chosen(self._fielded)
        ]
        lane_words = [
            self._words(number, "WORD", lane.width, lane.words) for number, lane in self._chosen(self._worded)
        ]
        lane_scripts = [
            self._words(number, "SCRIPT", lane.width, lane.script)
            for number, lane in self._chosen(self._scripted)
        ]
        return {
            "lanes": self._lane_names,
            "widths": [lane.width for lane in lanes],
            "id_bits": max(1, (len(lanes) - 1).bit_length()),
            "idle_high": [name for name, lane in zip(self._lane_names, lanes, strict=True) if lane.idle],
            "uses_lists": bool(lane_lists),
            "lane_lists": lane_lists,
            "lane_fields": lane_fields,
            "lane_words": lane_words,
            "lane_scripts": lane_scripts,
            # By now every list has its name.
            "lists": [(name, width, values) for name, (width, values) in self._lists.items()],
        }

    def _about_modes(self) -> dict[str, Any]:
        """How values are made."""
        return {
            "modes": [(mode, MEANINGS[mode]) for mode in Mode if mode in self._modes],
            "bodies": {mode.name: BODIES[mode].replace("{word}", str(self._word)) for mode in self._modes},
            "word": self._word,
            "sized": bool(self._modes & (OF_WIDTH if self._word == 32 else OF_WIDTH | OF_BITS)),
            "uses_bits": bool(self._modes & OF_BITS),
            "uses_drawn": bool(self._modes & DRAWN),
        }

    def _about_answers(self) -> dict[str, Any]:
        """What of the DUT stimulus waits for, and how it speaks to its buses."""
        setup = self._setup
        watched = [self._names[port] for port in setup.observed]
        uses_until = Code.UNTIL in self._codes or any(
            until >= 0 for which, _ in self._buses for _, until in _steps(setup.buses[which])
        )
        return {
            "outputs": self._output_names,
            "answered": [
                (name, self._names[setup.outputs[number]])
                for name, number in zip(self._output_names, self._outputs, strict=True)
            ],
            "uses_reset": Code.RESET in self._codes and bool(self._bench.resets),
            "uses_until": uses_until,
            "uses_wait": Code.WAIT in self._codes and bool(watched),
            "watched": ", ".join(watched),
            "watched_width": sum(setup.ports[setup.number(port)].width for port in setup.observed),
            "buses": [self._bus(which, writes) for which, writes in self._buses],
            "patience": BUS_PATIENCE,
        }

    def _used_outputs(self, operations: Iterable[Operation]) -> list[int]:
        used = {each.value for each in operations if each.code is Code.DRIVE and Mode(each.how) in OF_OUTPUT}
        used |= {each.which for each in operations if each.code is Code.UNTIL}
        for which, writes in self._buses:
            bus = self._setup.buses[which]
            used |= {until for _, until in (bus.write if writes else bus.read) if until >= 0}
        return sorted(used)

    def _chosen(self, numbers: Iterable[int]) -> list[tuple[int, Lane]]:
        return [(number, self._setup.lanes[number]) for number in numbers]

    def _list(self, lane: int, what: str, width: int, values: tuple[int, ...]) -> str:
        """Name of a list of values; lanes with the same values share one."""
        known = next((name for name, each in self._lists.items() if each == (width, values)), None)
        if known is not None:
            return known
        name = f"{self._lane_names[lane].removeprefix('IN_')}_{what}"
        name = _unique([name], {*self._names.values(), *self._lane_names, *self._lists})[0]
        self._lists[name] = (width, values)
        return name

    def _words(self, number: int, what: str, width: int, words: Sequence[Word]) -> tuple[str, str, str, int]:
        """A lane, the lists of its words' masks and values, and how many there are."""
        masks = self._list(number, f"{what}_MASKS", width, tuple(word.mask for word in words))
        values = self._list(number, f"{what}_VALUES", width, tuple(word.value for word in words))
        return self._lane_names[number], masks, values, len(words)

    def _fields(self, number: int, lane: Lane) -> list[tuple[int, int, str, int]]:
        return [
            (
                field.low + field.width - 1,
                field.low,
                self._list(number, f"{field.low + field.width - 1}_{field.low}", field.width, field.values),
                len(field.values),
            )
            for field in lane.fields
            if field.values
        ]

    def _driven_ports(self) -> list[Port]:
        driven = {lane.port for lane in self._setup.lanes}
        return [port for port in self._setup.ports if port.name in driven]

    def _declarations(self) -> list[str]:
        bench, setup = self._bench, self._setup
        lines = [f"logic {clock.name} = 1'b0;" for clock in bench.clocks]
        lines += [f"logic {reset.name} = {reset.inactive};" for reset in bench.resets]
        for port in self._driven_ports():
            signal = self._signal(port)
            is_plain = signal.has_plain_type and not port.unpacked
            lines.append(f"{signal.declaration}{' = ' + chr(39) + '0' if is_plain else ''};")
        lines += [
            f"{self._signal(port).declaration};"
            for port in setup.ports
            if port.name in {signal.port for signal in bench.outputs}
        ]
        return lines

    def _signal(self, port: Port) -> Signal:
        return Signal(port.name, self._names[port.name], port.type, port.width, port.unpacked)

    def _assignment(self, port: Port) -> str:
        """What gives a port, element by element, the new values of its lanes."""
        signal = self._signal(port)
        elements: dict[str, list[str]] = {}
        for number in self._setup.lanes_of(port.name):
            lane = self._setup.lanes[number]
            part = "[0]" if lane.width == 1 else f"[{lane.width - 1}:0]" if lane.width < self._word else ""
            elements.setdefault(lane.indices, []).insert(0, f"input_now[{self._lane_names[number]}]{part}")
        parts = []
        for indices, words in elements.items():
            whole = words[0] if len(words) == 1 else "{" + ", ".join(words) + "}"
            parts.append(f"{signal.name}{indices} = {signal.typed(whole)};")
        return "\n    ".join(parts)

    def _bus(self, which: int, writes: bool) -> dict[str, Any]:
        bus = self._setup.buses[which]
        given = ("'0", "'1", "at", "word")
        steps = []
        for drives, until in bus.write if writes else bus.read:
            lines = [f"hold({self._lane_names[lane]}, {given[what]});" for lane, what in drives]
            steps.append({"lines": lines, "until": self._output_name(until) if until >= 0 else ""})
        return {
            "task": self._access_name(which, writes),
            "kind": bus.bus.kind,
            "steps": steps,
        }

    def _access_name(self, which: int, writes: bool) -> str:
        stem = re.sub(r"\W", "_", self._setup.buses[which].bus.name)
        name = f"{stem}_{'write' if writes else 'read'}"
        return name if name not in self._names.values() else f"{name}_access"

    def _output_name(self, number: int) -> str:
        return self._output_names[self._outputs.index(number)]

    def _trial(self, number: int, trial: Trial) -> dict[str, Any]:
        cycles = cycles_of(trial.program)
        return {
            "number": number,
            "cycles": f"{cycles:,} cycle{'s' if cycles != 1 else ''}",
            "reached": reached(trial.points),
            "lines": self._lines(trial.program),
        }

    def _lines(self, program: Program) -> list[str]:
        return [self._line(each) for each in program]

    def _line(self, operation: Operation) -> str:
        which, how, value, count = operation.which, operation.how, operation.value, operation.count
        match operation.code:
            case Code.START:
                return f"start_trial(32'h{value:08x});"
            case Code.SEED:
                return f"random_state = 32'h{value:08x};"
            case Code.CLOCK:
                return f"set_clock({which}, {how}, {value});"
            case Code.RESET:
                everything = (1 << len(self._bench.resets)) - 1
                mask = which & everything
                part = "" if mask == everything else f", {literal(mask, len(self._bench.resets))}"
                return f"reset_dut({count}{part});" if self._bench.resets else f"run({count});"
            case Code.RUN:
                return f"run({count});"
            case Code.UNTIL:
                return f"run_until({self._output_name(which)}, {count});"
            case Code.WAIT:
                return f"wait_for_change({count});" if self._setup.observed else f"run({count});"
            case Code.ACCESS:
                address = literal(value, self._word)
                data = literal(count, self._word)
                return f"{self._access_name(which, bool(how))}({address}, {data});"
            case _:
                return self._drive(which, Mode(how), value, count)

    def _drive(self, lane: int, mode: Mode, value: int, count: int) -> str:
        name = self._lane_names[lane]
        sized = literal(value, self._word)
        if mode is Mode.HOLD:
            return f"hold({name}, {sized});"
        words = [name, mode.name]
        if mode in VALUED:
            words.append(sized)
        elif mode in OF_OUTPUT:
            words.append(f"{self._word}'({self._output_name(value)})")
        elif mode in OF_INPUT:
            words.append(f"{self._word}'({self._lane_names[value]})")
        if mode in COUNTING and count > 1:
            words.append(f".every({count})")
        return f"drive({', '.join(words)});"


def _steps(bus: SetupBus) -> Iterable[Any]:
    return (*bus.write, *bus.read)


def _unique(names: Sequence[str], taken: set[str]) -> list[str]:
    """The names, made to differ from each other and from others."""
    used = set(taken)
    found = []
    for name in names:
        while name in used:
            name += "_"
        used.add(name)
        found.append(name)
    return found


@cache
def _templates() -> Environment:
    made = environment("llm4cov_engine.search")
    made.filters["wrapped"] = _wrapped
    return made


def _wrapped(values: Sequence[int], width: int) -> str:
    """Literals with commas between them, some to a line."""
    words = [literal(value, width) for value in values]
    each = max(1, 88 // (len(words[0]) + 2)) if words else 1
    rows = [", ".join(words[first : first + each]) for first in range(0, len(words), each)]
    return ",\n".join(f"    {row}" for row in rows)
