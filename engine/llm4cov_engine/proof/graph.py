"""And-inverter graphs with registers: the form in which model checkers read hardware (AIGER, Biere 2011)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FALSE = 0
TRUE = 1


def inverted(literal: int) -> int:
    """The literal that holds when the other does not."""
    return literal ^ 1


@dataclass(slots=True)
class Graph:
    """Inputs, registers that start with 0, and-gates, outputs.

    A literal is twice the number of a node, plus 1 for its inversion; node 0 is the constant false.

    Attributes:
        inputs: node of each input, in order of creation.
        registers: node of each register, in order of creation.
        nexts: literal each register takes, by its node.
        gates: the two literals of each and-gate, by its node; operands have lower numbers than the gate.
        outputs: literals.
    """

    inputs: list[int] = field(default_factory=list)
    registers: list[int] = field(default_factory=list)
    nexts: dict[int, int] = field(default_factory=dict)
    gates: dict[int, tuple[int, int]] = field(default_factory=dict)
    outputs: list[int] = field(default_factory=list)
    _known: dict[tuple[int, int], int] = field(default_factory=dict)
    _last: int = 0

    def input(self) -> int:
        """A new input."""
        self._last += 1
        self.inputs.append(self._last)
        return 2 * self._last

    def register(self) -> int:
        """A new register, which starts with 0; give `nexts` what it takes."""
        self._last += 1
        self.registers.append(self._last)
        return 2 * self._last

    def set_next(self, register: int, literal: int) -> None:
        """Say what a register takes in every step."""
        self.nexts[register >> 1] = literal

    def both(self, left: int, right: int) -> int:
        """The conjunction of two literals."""
        if left > right:
            left, right = right, left
        if left in (FALSE, inverted(right)):
            return FALSE
        if left in (TRUE, right):
            return right
        known = self._known.get((left, right))
        if known is None:
            self._last += 1
            self.gates[self._last] = (left, right)
            known = self._known[(left, right)] = 2 * self._last
        return known

    def either(self, left: int, right: int) -> int:
        """The disjunction of two literals."""
        return inverted(self.both(inverted(left), inverted(right)))

    def choice(self, condition: int, when_true: int, when_false: int) -> int:
        """The one literal or the other."""
        return self.either(self.both(condition, when_true), self.both(inverted(condition), when_false))

    def any(self, literals: Sequence[int]) -> int:
        """The disjunction of any number of literals."""
        result = FALSE
        for literal in literals:
            result = self.either(result, literal)
        return result


def to_aiger(graph: Graph, outputs: Sequence[int]) -> bytes:
    """A binary AIGER 1.0 file of some outputs, with every input and of the rest what they depend on."""
    needed = _needed(graph, outputs)
    registers = [node for node in graph.registers if node in needed]
    gates = sorted(node for node in needed if node in graph.gates)
    number: dict[int, int] = {0: 0}
    for node in (*graph.inputs, *registers, *gates):
        number[node] = len(number)

    def renumbered(literal: int) -> int:
        return 2 * number[literal >> 1] | (literal & 1)

    head = (len(number) - 1, len(graph.inputs), len(registers), len(outputs), len(gates))
    lines = [
        "aig " + " ".join(map(str, head)),
        *(str(renumbered(graph.nexts[node])) for node in registers),
        *(str(renumbered(literal)) for literal in outputs),
    ]
    body = bytearray()
    for node in gates:
        left, right = sorted(map(renumbered, graph.gates[node]))
        own = 2 * number[node]
        _append(body, own - right)
        _append(body, right - left)
    return ("\n".join(lines) + "\n").encode() + bytes(body)


def _append(body: bytearray, value: int) -> None:
    """Seven bits a byte, the lowest first, the high bit set on all but the last."""
    while value > 0x7F:
        body.append(0x80 | (value & 0x7F))
        value >>= 7
    body.append(value)


def _needed(graph: Graph, outputs: Sequence[int]) -> set[int]:
    """The gates, registers and inputs that outputs depend on in any step."""
    pending = [literal >> 1 for literal in outputs]
    seen: set[int] = set()
    while pending:
        node = pending.pop()
        if node in seen:
            continue
        seen.add(node)
        if node in graph.gates:
            left, right = graph.gates[node]
            pending += (left >> 1, right >> 1)
        elif node in graph.nexts:
            pending.append(graph.nexts[node] >> 1)
    return seen


class Run:
    """Executes a graph step by step, many runs at once: every value is an integer with a bit for each run.

    Args:
        width: number of runs.
    """

    def __init__(self, graph: Graph, width: int = 1) -> None:
        self._graph = graph
        self._all = (1 << width) - 1
        self._order = sorted(graph.gates)
        self._state = dict.fromkeys(graph.registers, 0)
        self._values: dict[int, int] = {}

    def step(self, inputs: Mapping[int, int]) -> None:
        """Take one step; inputs are by node, those left out are 0."""
        graph = self._graph
        values: dict[int, int] = {0: 0, **{node: inputs.get(node, 0) for node in graph.inputs}, **self._state}
        everything = self._all
        for node in self._order:
            left, right = graph.gates[node]
            first = values[left >> 1] ^ (everything if left & 1 else 0)
            values[node] = first & (values[right >> 1] ^ (everything if right & 1 else 0))
        self._values = values
        self._state = {node: self.value(graph.nexts[node]) for node in graph.registers}

    def value(self, literal: int) -> int:
        """A literal's value in the step that was taken last."""
        return self._values[literal >> 1] ^ (self._all if literal & 1 else 0)
