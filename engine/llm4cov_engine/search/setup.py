"""What of a DUT a search can drive: inputs in lanes of at most 64 bits, clocks, resets, outputs, buses."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Final

from llm4cov_engine.elaboration.records import Direction, Port
from llm4cov_engine.policy.builtin.bench import Bench
from llm4cov_engine.policy.builtin.buses import ADDRESS, DATA, ONES, ZERO, Bus
from llm4cov_engine.policy.builtin.conditions import Word
from llm4cov_engine.policy.builtin.values import Field
from llm4cov_engine.policy.builtin.words import EMPTY, Vocabulary
from llm4cov_engine.search.partners import is_rare, partners_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llm4cov_engine.elaboration.records import Elaboration
    from llm4cov_engine.policy.builtin.buses import Step
    from llm4cov_engine.policy.builtin.signals import Signal

LANE: Final = 64
"""Bits of a lane, at most."""

MOST_LANES: Final = 400
"""A DUT with more lanes of inputs is left to a testbench of another kind."""

MOST_OUTPUTS: Final = 24
"""Single-bit outputs that inputs may answer to."""

MOST_PERIODS: Final = 40
_LONGEST_PERIOD: Final = 20_000
_GIVEN: Final = {ZERO: 0, ONES: 1, ADDRESS: 2, DATA: 3}
_PLAIN: Final = re.compile(r"(logic|reg|bit|wire|byte|shortint|int|longint|integer|time)\b(?!::)")


@dataclass(frozen=True, slots=True)
class Lane:
    """Up to 64 bits of an input.

    Attributes:
        name: of the lane, unique: the port's with what tells it from the port's other lanes ("din", "din_1").
        port: the DUT's port.
        element: number within an array, the lowest index first, the last dimension the fastest.
        word: number within the element, from the least significant end.
        indices: of the element, "[2][0]"; "" for a port that is no array.
        group: lanes of one port share a number.
        values: what the RTL compares the lane with, and values next to them.
        fields: parts of the lane with the values the RTL compares them with.
        words: what the RTL tells apart on the lane as a whole.
        script: what shift registers that the lane feeds are compared with, part by part as they come in.
        partners: for a single bit, outputs that it seems to answer to, the likeliest first.
        is_rare: a single bit that is best left alone most of the time, such as an error.
    """

    name: str
    port: str
    element: int
    word: int
    width: int
    indices: str = ""
    idle: int = 0
    is_serial: bool = False
    group: int = 0
    values: tuple[int, ...] = ()
    fields: tuple[Field, ...] = ()
    words: tuple[Word, ...] = ()
    script: tuple[Word, ...] = ()
    partners: tuple[int, ...] = ()
    is_rare: bool = False


@dataclass(frozen=True, slots=True)
class SetupBus:
    """A register bus in terms of lanes; steps are (drives, output or -1), drives (lane, what)."""

    bus: Bus
    address: int
    data: int
    write: tuple[tuple[tuple[tuple[int, int], ...], int], ...]
    read: tuple[tuple[tuple[tuple[int, int], ...], int], ...]


@dataclass(frozen=True, slots=True)
class Setup:
    """All that a search knows of a DUT.

    Attributes:
        ports: the DUT's ports that the driver needs, in its order.
        resets: (port, level that resets).
        outputs: single-bit outputs that inputs may answer to.
        observed: outputs, to see whether anything changed.
        periods: numbers of cycles that the RTL may count.
    """

    bench: Bench
    ports: tuple[Port, ...]
    lanes: tuple[Lane, ...]
    clocks: tuple[str, ...]
    resets: tuple[tuple[str, int], ...]
    outputs: tuple[str, ...]
    observed: tuple[str, ...]
    buses: tuple[SetupBus, ...]
    periods: tuple[int, ...]

    def number(self, port: str) -> int:
        """A port's place in `ports`."""
        return next(number for number, each in enumerate(self.ports) if each.name == port)

    def lanes_of(self, port: str) -> tuple[int, ...]:
        """Numbers of a port's lanes."""
        return tuple(number for number, lane in enumerate(self.lanes) if lane.port == port)


def find_setup(bench: Bench, elaboration: Elaboration, vocabulary: Vocabulary = EMPTY) -> Setup | str:
    """How to drive a DUT; or why a search cannot drive it, as a clause.

    Args:
        vocabulary: what the RTL tells apart on its ports.
    """
    ports = {port.name: port for port in elaboration.ports}
    for port in elaboration.ports:
        if port.direction not in (Direction.INPUT, Direction.OUTPUT):
            return f"its port {port.name} is {_article(port.direction.value)}"
        if port.direction is Direction.INPUT and not _is_vector(port):
            return f"its port {port.name} is no vector"
    parts = [(clock.port, clock.selects) for clock in elaboration.clocks]
    parts += [(reset.port, reset.selects) for reset in elaboration.resets]
    for name, selects in parts:
        port = ports[name]
        if selects or port.width != 1 or port.unpacked:
            return f"only part of its port {port.name} is a clock or a reset"
    clocks = tuple(clock.port for clock in bench.clocks)
    resets = tuple((reset.port, int(reset.active.endswith("1"))) for reset in bench.resets)
    taken = {*clocks, *(port for port, _ in resets)}
    inputs = [port for port in elaboration.inputs if port.name not in taken]
    lanes = tuple(lane for group, port in enumerate(inputs) for lane in _lanes(bench, port, group))
    if len(lanes) > MOST_LANES:
        return f"its inputs have {sum(port.width * _elements(port) for port in inputs)} bits"
    outputs = tuple(
        port.name
        for port in elaboration.outputs
        if port.width == 1 and not port.unpacked and _is_vector(port)
    )
    asked = dict.fromkeys(
        outputs[number] for lane in lanes if lane.width == 1 for number in partners_of(lane.port, outputs)[:1]
    )
    chosen = tuple(sorted(dict.fromkeys((*asked, *outputs)), key=lambda name: name not in asked))
    chosen = tuple(name for name in outputs if name in chosen[:MOST_OUTPUTS])
    lanes = tuple(_in_company(lane, chosen, vocabulary) for lane in lanes)
    found = Setup(
        bench=bench,
        ports=elaboration.ports,
        lanes=_named(lanes),
        clocks=clocks,
        resets=resets,
        outputs=chosen,
        observed=tuple(signal.port for signal in bench.observed if signal.port in ports),
        buses=(),
        periods=_periods(elaboration),
    )
    return replace(found, buses=tuple(_buses(found)))


def _in_company(lane: Lane, outputs: Sequence[str], vocabulary: Vocabulary) -> Lane:
    """A lane with what is known from the rest of the DUT."""
    low, mask = LANE * lane.word, (1 << lane.width) - 1
    words = vocabulary.words.get(lane.port, ())
    whole = [word for word in words if word.mask == (word.mask >> low & mask) << low]
    script = [
        Word(word.mask >> low & mask, word.value >> low & mask)
        for word in vocabulary.scripts.get(lane.port, ())
    ]
    return replace(
        lane,
        words=tuple(Word(word.mask >> low, word.value >> low) for word in whole),
        script=tuple(script) if any(word.mask for word in script) else (),
        partners=partners_of(lane.port, outputs) if lane.width == 1 else (),
        is_rare=lane.width == 1 and is_rare(lane.port),
    )


def _article(noun: str) -> str:
    return f"an {noun} port" if noun[0] in "aeiou" else f"a {noun} port"


def _is_vector(port: Port) -> bool:
    """Whether Verilator makes plain words of a port."""
    return port.width > 0 and not re.match(r"struct\s*\{|union\s*\{|string\b|real|shortreal", port.type)


def _elements(port: Port) -> int:
    return prod(abs(left - right) + 1 for left, right in port.unpacked)


def _lanes(bench: Bench, port: Port, group: int) -> Iterable[Lane]:
    signal = bench.signal(port.name)
    places = [range(min(pair), max(pair) + 1) for pair in port.unpacked]
    for element, indices in enumerate(product(*places)):
        brackets = "".join(f"[{index}]" for index in indices)
        for word in range((port.width + LANE - 1) // LANE):
            lane = Lane(
                name=port.name,
                port=port.name,
                element=element,
                word=word,
                width=min(LANE, port.width - LANE * word),
                indices=brackets,
                group=group,
            )
            yield _informed(lane, signal, port.width) if signal is not None else lane
        if element >= MOST_LANES:
            return


def _informed(lane: Lane, signal: Signal, width: int) -> Lane:
    """A lane with what is known about its port's values."""
    low, mask = LANE * lane.word, (1 << lane.width) - 1
    fields = [
        replace(field, low=field.low - low, values=_with_corners(field.values, field.width))
        for field in signal.fields
        if low <= field.low and field.low + field.width <= low + lane.width
    ]
    whole = signal.around if width == signal.width else ()
    values = [(value >> low) & mask for value in whole]
    if width > LANE:
        # A field that is a lane of its own is compared as a whole.
        values += [value for field in fields if field.width == lane.width for value in field.values]
    return replace(
        lane,
        idle=signal.idle if width == 1 else 0,
        is_serial=signal.is_serial and width == 1,
        values=tuple(dict.fromkeys(values)),
        fields=tuple(field for field in fields if field.width < lane.width),
    )


def _with_corners(values: tuple[int, ...], width: int) -> tuple[int, ...]:
    """The values, and the two that mean something in most encodings."""
    return tuple(dict.fromkeys((*values, 0, (1 << width) - 1)))


def _named(lanes: Sequence[Lane]) -> tuple[Lane, ...]:
    """Lanes with names of their own."""
    counts: dict[str, int] = {}
    for lane in lanes:
        counts[lane.port] = counts.get(lane.port, 0) + 1
    named = []
    for lane in lanes:
        name = re.sub(r"\W", "_", lane.port, flags=re.ASCII)
        if counts[lane.port] > 1:
            name += re.sub(r"\W+", "_", lane.indices).rstrip("_")
            name += f"_{LANE * lane.word}" if lane.word or not lane.indices else ""
        named.append(replace(lane, name=name))
    return tuple(named)


def _buses(setup: Setup) -> Iterable[SetupBus]:
    for bus in setup.bench.buses:
        steps = (*bus.write, *bus.read)
        ports = {signal.port for step in steps for signal, _ in step.drives} | {
            bus.address.port,
            bus.data.port,
        }
        if any(len(setup.lanes_of(port)) != 1 for port in ports):
            continue
        yield SetupBus(
            bus,
            setup.lanes_of(bus.address.port)[0],
            setup.lanes_of(bus.data.port)[0],
            tuple(_step(setup, step) for step in bus.write),
            tuple(_step(setup, step) for step in bus.read),
        )


def _step(setup: Setup, step: Step) -> tuple[tuple[tuple[int, int], ...], int]:
    drives = tuple((setup.lanes_of(signal.port)[0], _GIVEN[given]) for signal, given in step.drives)
    names = {signal.name: signal.port for signal in setup.bench.outputs}
    until = names.get(step.until, "")
    return drives, setup.outputs.index(until) if until in setup.outputs else -1


def _periods(elaboration: Elaboration) -> tuple[int, ...]:
    """Numbers of cycles worth trying: what registers are compared with, and parameters."""
    found = [each.value for each in elaboration.constants if each.compared_with]
    found += [int(each.value) for each in elaboration.parameters if each.value.isdecimal()]
    likely = sorted({value for value in found if 2 <= value <= _LONGEST_PERIOD})
    if len(likely) > MOST_PERIODS:
        step = len(likely) / MOST_PERIODS
        likely = [likely[int(index * step)] for index in range(MOST_PERIODS)]
    return tuple(likely)
