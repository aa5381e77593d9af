"""Why a point was not hit, in a person's words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.errors import ElaborationError
from llm4cov_engine.proof.facts import Facts, facts_of
from llm4cov_engine.proof.records import Reachable, Undecided, Unreachable
from llm4cov_engine.proof.slow import WIDE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm4cov_engine.coverage.point import Point
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.proof.records import Identity, Verdict

UNTRIED = "no testbench has done this yet; the prover was not asked"

_BIT = re.compile(r"\[(\d+)\]:")
_NAME = re.compile(r"[A-Za-z_][\w$]*")


def reasons_for(
    design: Design, points: Sequence[Point], verdicts: Mapping[Identity, Verdict]
) -> dict[Identity, str]:
    """A reason for every point.

    Args:
        points: of single instances, none of them hit.
        verdicts: what the prover said, where it was asked.
    """
    if not points:
        return {}
    try:
        facts = facts_of(design)
    except ElaborationError:
        facts = Facts()
    return {point.identity: reason(point, facts, verdicts.get(point.identity)) for point in points}


def reason(point: Point, facts: Facts, verdict: Verdict | None) -> str:
    """Why one point was not hit: what the RTL says, and what the prover said."""
    said = _said(verdict)
    seen = structural(point, facts)
    if not seen and not isinstance(verdict, Unreachable):
        seen = waiting(point, facts)
    return "; ".join(each for each in (seen, said) if each) or UNTRIED


def _said(verdict: Verdict | None) -> str:
    match verdict:
        case Reachable(witness):
            cycles = len(witness.cycles)
            return (
                f"can be reached: the prover knows inputs for {cycles} {'step' if cycles == 1 else 'steps'}"
            )
        case Undecided(reason):
            return reason
        case Unreachable(needs_still_inputs=True, prover=prover):
            return f"unreachable unless inputs change at the very edge of a clock ({prover})"
        case Unreachable(assumption, prover):
            return f"unreachable, but only for {assumption} ({prover}), which is not accepted"
    return ""


def structural(point: Point, facts: Facts) -> str:
    """What the RTL alone says about a point; "" for nothing."""
    if point.metric is Metric.TOGGLE:
        return _signal(point, facts)
    if (point.file, point.line, point.column) in facts.complete:
        return "default of a case that names every value"
    return ""


def _signal(point: Point, facts: Facts) -> str:
    path = facts.path(point)
    if facts.is_idle(point):
        return "nothing drives this signal: a mistake, or left over"
    if path in facts.loops:
        return "loop variable"
    if facts.trusted and path in facts.initialised and path not in facts.written | facts.ports:
        return "has only the value it begins with"
    if path in facts.constants and path not in facts.ports:
        return "only constants are assigned to it"
    return ""


def waiting(point: Point, facts: Facts) -> str:
    """Which counter a point waits for; "" where none is in sight."""
    if point.metric in (Metric.BRANCH, Metric.LINE):
        paths = sorted(facts.asked.get((point.file, point.line, point.column), ()))
    else:
        paths = [facts.inside(point.instance, name) for name in _NAME.findall(point.what)]
    slowness = facts.slowness
    clock, maker = slowness.pace(paths)
    if clock:
        counts = f"{1 << slowness.counters[maker]:,}"
        return f"changes with {_last(clock)}, which {_last(maker)} makes by counting up to {counts}"
    counter = slowness.counter(paths)
    if not counter:
        return ""
    width = slowness.counters[counter]
    bit = _BIT.search(point.what)
    place = int(bit[1]) if bit is not None and point.metric is Metric.TOGGLE else width
    if place < WIDE:
        return ""
    counts = f"{1 << min(place, width):,}"
    if counter in paths and point.metric is Metric.TOGGLE:
        return f"a counter: this bit needs about {counts} counts"
    return f"follows {_last(counter)}, a counter of {width} bits: it may need {counts} counts"


def _last(path: str) -> str:
    return path.rpartition(".")[2]
