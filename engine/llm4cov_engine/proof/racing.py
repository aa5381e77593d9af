"""What clocked blocks may see when inputs change at the very edge that starts them.

A testbench may assign an input with `=` in the same moment as the clock rises. Which of the DUT's blocks run
before and which after is left open (IEEE 1800-2023, 4.7), and a block that runs may find the new input beside
combinational logic that still has the old one. So every clocked block sees of each variable either what it
was before the inputs changed or what it is after, variable by variable, and anew in every step. Registers,
which change with `<=`, and combinational logic at rest are as everyone expects.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field

from llm4cov_engine.proof.blocks import Block, Blocks
from llm4cov_engine.proof.graph import Graph
from llm4cov_engine.proof.netlist import Bit


@dataclass
class Views:
    """What each block sees.

    Attributes:
        early, late: literal of every net before and after the inputs change.
        logic: nets that are computed from others.
        operands: what such a net is computed from.
        combine: the literal of such a net.
    """

    graph: Graph
    blocks: Blocks
    early: dict[Bit, int]
    late: dict[Bit, int]
    logic: Container[Bit]
    operands: Callable[[int], tuple[Bit, ...]]
    combine: Callable[[int, list[int]], int]
    _choices: dict[tuple[Block, str], int] = field(default_factory=dict)
    _seen: dict[Block, dict[int, int]] = field(default_factory=dict)

    def read(self, block: Block, bit: Bit) -> int:
        """The literal of what a block sees of a net."""
        seen = self._seen.setdefault(block, {})
        if (leaf := self._leaf(block, bit)) is not None:
            return leaf
        assert isinstance(bit, int)
        stack = [(bit, False)]
        on_path: set[int] = set()
        while stack:
            net, ready = stack.pop()
            if net in seen or (net in on_path and not ready):
                continue
            operands = self.operands(net)
            if not ready:
                on_path.add(net)
                stack.append((net, True))
                stack += [
                    (each, False) for each in operands if isinstance(each, int) and not self._is_leaf(each)
                ]
                continue
            on_path.discard(net)
            seen[net] = self.combine(net, [self._seen_of(block, each) for each in operands])
        return seen[bit]

    def _seen_of(self, block: Block, net: Bit) -> int:
        if (leaf := self._leaf(block, net)) is not None:
            return leaf
        known = self._seen[block].get(net) if isinstance(net, int) else None
        # What depends on its own output is any value.
        return known if known is not None else self.graph.input()

    def _is_leaf(self, net: Bit) -> bool:
        return net not in self.logic or net in self.blocks.variables

    def _leaf(self, block: Block, net: Bit) -> int | None:
        """What is seen of a constant, a register or a variable; None for what lies in between.

        What lies in between is never taken as a whole, even if it is the same before and after: `a && not_a`
        is, but not in the moment when only one of the two has changed.
        """
        if net in ("x", "z"):
            return self.graph.input()
        if not self._is_leaf(net):
            return None
        early, late = self.early[net], self.late[net]
        if early == late:
            return early
        name = self.blocks.variables.get(net)
        if name is None:
            # Two variables are one net here: each time either may be meant.
            return self.graph.choice(self.graph.input(), early, late)
        variable = name.rpartition("[")[0]
        if (block, variable) not in self._choices:
            self._choices[(block, variable)] = self.graph.input()
        return self.graph.choice(self._choices[(block, variable)], early, late)
