"""What one look at a design gives the built-in policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llm4cov_engine.design.design import Design
from llm4cov_engine.elaboration import elaborate
from llm4cov_engine.elaboration.compilation import compiled
from llm4cov_engine.elaboration.records import Elaboration
from llm4cov_engine.policy.builtin.bench import Bench
from llm4cov_engine.policy.builtin.comparisons import Comparison, read_comparisons
from llm4cov_engine.policy.builtin.interfaces import read_interfaces, read_structs
from llm4cov_engine.policy.builtin.scaling import scaled
from llm4cov_engine.policy.builtin.signals import Signal
from llm4cov_engine.policy.builtin.survey import survey
from llm4cov_engine.policy.builtin.words import Vocabulary, read_vocabulary

if TYPE_CHECKING:
    from llm4cov_engine.elaboration.records import Port


@dataclass(frozen=True, slots=True)
class Known:
    """A design with what its testbench has to do with it; `design` has the parameters it will be given."""

    design: Design
    elaboration: Elaboration
    bench: Bench
    comparisons: Sequence[Comparison]
    vocabulary: Vocabulary

    @property
    def file_name(self) -> str:
        """Of a testbench written for it."""
        return f"{self.bench.module}.sv"


def know(design: Design, *, may_scale: bool) -> Known:
    """Look at a design, with the parameters its testbench will give it.

    Args:
        may_scale: make parameters smaller with which counters would never end.

    Raises:
        ElaborationError: the design cannot be elaborated.
    """
    elaboration = elaborate(design)
    smaller = scaled(design, elaboration) if may_scale else {}
    notes = [
        f"{name} is {value} and not what the RTL says, so that its counters end within the simulation."
        for name, value in smaller.items()
    ]
    if smaller:
        design = replace(design, parameters={**design.parameters, **smaller})
        elaboration = elaborate(design)
    unit = compiled(design)
    comparisons = read_comparisons(unit)
    interfaces = read_interfaces(design) if any(port.interface for port in elaboration.ports) else ()
    # A second look at the design is only worth its time where a port may be no vector.
    odd = any(not _is_vector(port) for port in elaboration.ports)
    bench = survey(design, elaboration, comparisons, interfaces, read_structs(design) if odd else {})
    bench = replace(bench, notes=(*bench.notes, *notes))
    return Known(design, elaboration, bench, comparisons, read_vocabulary(unit))


def _is_vector(port: Port) -> bool:
    """Whether a port's type surely takes a vector."""
    return Signal(port.name, port.name, port.type, port.width).has_plain_type and port.width > 0
