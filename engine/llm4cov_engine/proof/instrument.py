"""Puts into a copy of a design what lets a model checker find its coverage points again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.point import Metric, Point
from llm4cov_engine.design.design import Design
from llm4cov_engine.elaboration.records import Severity
from llm4cov_engine.proof.edits import Edits, without_comments
from llm4cov_engine.proof.syntax import NAME, read_scopes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llm4cov_engine.coverage.blocks import Place
    from llm4cov_engine.proof.scopes import Owner, Reach, Scopes

WIRE = "llm4cov_watch_"
"""Begins the names of the wires that watch signals."""

Thing = tuple[str, int, int, str, str]
"""What a point is in every instance: file, line, column, metric, what."""


class ProbeKind(StrEnum):
    """What happens when a point is hit."""

    CHECK = "check"
    """An assertion fails."""
    RISE = "rise"
    FALL = "fall"
    HIGH = "high"
    """A watched bit is 1."""
    ARC = "arc"
    """A watched bit was 1, and the next is."""


@dataclass(frozen=True, slots=True)
class Probe:
    """How a point shows in the model; marks are numbers of insertions.

    Attributes:
        instead: an assertion that fails at least as often. It counts where the front end left the marks out,
            which it does with branches of a condition that is always the same.
    """

    kind: ProbeKind
    marks: tuple[int, ...]
    instead: int | None = None


@dataclass
class Instrumented:
    """A copy of a design with assertions and watching wires in it.

    Attributes:
        probes: by what a point is.
        places: file and line of each mark.
    """

    design: Design
    probes: dict[Thing, Probe] = field(default_factory=dict)
    places: dict[int, tuple[str, int]] = field(default_factory=dict)


def thing_of(point: Point) -> Thing:
    """What a point is, whatever instance it is in."""
    return (point.file, point.line, point.column, point.metric, point.what)


def instrument(design: Design, points: Iterable[Point], *, with_routines: bool = True) -> Instrumented:
    """Instrument a copy of a design for some of its points; points it has no probe for are left out.

    Args:
        with_routines: instrument functions and tasks too; not when something calls them at time 0.
    """
    design = replace(
        design,
        sources=tuple(replace(each, text=without_comments(each.text)) for each in design.sources),
        headers=tuple(replace(each, text=without_comments(each.text)) for each in design.headers),
    )
    scopes = read_scopes(design, with_routines=with_routines)
    things = {thing_of(point): point for point in points}
    dropped: set[int] = set()
    plan = _Plan(scopes, _narrowed(design))
    for thing, point in things.items():
        plan.add(thing, point)
    result = plan.applied(design, dropped)
    # What the simulator calls a thing need not be legal SystemVerilog: what is not is left out.
    for _ in range(4):
        bad = _refused(result)
        if not bad:
            return result
        dropped |= bad
        result = plan.applied(design, dropped)
    return replace(result, probes={})


def _narrowed(design: Design) -> dict[Reach, int]:
    """Indices of writes of which the simulator takes the lowest bits only."""
    from llm4cov_engine.elaboration.compilation import compiled
    from llm4cov_engine.elaboration.refusal import usable_top
    from llm4cov_engine.proof.ranges import read_ranges

    unit = compiled(design)
    return read_ranges(usable_top(design, unit), unit.reader).narrowed


def _refused(result: Instrumented) -> set[int]:
    from llm4cov_engine.elaboration.compilation import compiled

    unit = compiled(result.design)
    at = {place: mark for mark, place in result.places.items()}
    found = set()
    for diagnostic in unit.compilation.getAllDiagnostics():
        problem = unit.reader.problem(diagnostic)
        if problem.severity is Severity.ERROR and problem.span is not None:
            mark = at.get((problem.span.file, problem.span.line))
            if mark is not None:
                found.add(mark)
    return found


class _Plan:
    """What to insert where, for all points."""

    def __init__(self, scopes: Scopes, narrowed: Mapping[Reach, int]) -> None:
        self.scopes = scopes
        self.narrowed = narrowed
        self.probes: dict[Thing, Probe] = {}
        self.before: dict[Reach, list[tuple[int, str]]] = {}
        self.behind: dict[Reach, list[tuple[int, str]]] = {}
        self.missing: dict[Reach, tuple[Reach, list[tuple[int, str]]]] = {}
        self.items: list[tuple[str, int, int, str]] = []
        self.wires: dict[tuple[str, int, str], int] = {}
        self.last = 0

    def add(self, thing: Thing, point: Point) -> None:
        """Plan for one point."""
        place = (point.file, point.line, point.column)
        if point.metric in (Metric.LINE, Metric.BRANCH):
            probe = self._question(place, point.what) or self._body(place)
        elif point.metric is Metric.EXPRESSION:
            probe = self._row(place, point.what)
        elif point.metric is Metric.TOGGLE:
            probe = self._toggle(place, point.what)
        elif point.metric in (Metric.FSM_STATE, Metric.FSM_ARC):
            probe = self._machine(place, point.what, point.metric)
        else:
            probe = None
        if probe is not None:
            self.probes[thing] = probe

    def _mark(self) -> int:
        self.last += 1
        return self.last

    def _body(self, place: Place) -> Probe | None:
        body = self.scopes.bodies.get(place)
        if body is None or not body.allowed:
            return None
        mark = self._mark()
        entry = (mark, "assert (1'b0);")
        if body.is_missing_else:
            assert body.then is not None
            self.missing.setdefault(body.reach, (body.then, []))[1].append(entry)
        else:
            self.before.setdefault(body.reach, []).append(entry)
        instead = None
        if body.condition and body.statement is not None and body.statement in self.scopes.statements:
            instead = self._mark()
            condition = _one_line(body.condition)
            self.before.setdefault(body.statement, []).append((instead, f"assert (!({condition}));"))
        return Probe(ProbeKind.CHECK, (mark,), instead)

    def _question(self, place: Place, what: str) -> Probe | None:
        if what not in ("cond_then", "cond_else"):
            return None
        file, line, column = place
        at = place if what == "cond_then" else (file, line, column - 1)
        texts = self.scopes.questions.get(at)
        if texts is None:
            return None
        context, true, false = texts
        return self._condition(at, context + (true if what == "cond_then" else false))

    def _row(self, place: Place, what: str) -> Probe | None:
        row, arrow, _ = what.rpartition(" => ")
        owners = self.scopes.hoists(place, set(NAME.findall(row)))
        if not arrow or owners is None:
            return None
        marks = [self._assert(owner, legal(row)) for owner in owners]
        for owner in owners:
            if not owner.is_item:
                marks.append(self._mark())
                self.behind.setdefault(owner.reach, []).append((marks[-1], f"assert (!({legal(row)}));"))
        return Probe(ProbeKind.CHECK, tuple(marks))

    def _condition(self, place: Place, condition: str) -> Probe | None:
        """An assertion that a condition does not hold where a statement runs."""
        condition = _one_line(condition)
        owner = self.scopes.owner(place)
        offset = self.scopes.offset(place)
        if owner is None or not owner.allowed or offset is None:
            return None
        if owner.is_loop and offset < owner.body_start:
            return None
        return Probe(ProbeKind.CHECK, (self._assert(owner, condition),))

    def _assert(self, owner: Owner, condition: str) -> int:
        mark = self._mark()
        text = f"assert (!({condition}));"
        if owner.is_item:
            self.items.append((owner.reach[0], owner.reach[1], mark, f"always_comb {text}"))
        else:
            self.before.setdefault(owner.reach, []).append((mark, text))
        return mark

    def _toggle(self, place: Place, what: str) -> Probe | None:
        signal, _, edge = what.rpartition(":")
        mark = self._wire(place, signal)
        if mark is None:
            return None
        return Probe(ProbeKind.RISE if edge == "0->1" else ProbeKind.FALL, (mark,))

    def _machine(self, place: Place, what: str, metric: Metric) -> Probe | None:
        name, colons, states = what.partition("::")
        if not colons or "[" in states:
            return None
        marks = [self._wire(place, f"{name} == {state}", inside=True) for state in states.split("->")]
        if None in marks or "ANY" in states.split("->"):
            return None
        kind = ProbeKind.HIGH if metric is Metric.FSM_STATE else ProbeKind.ARC
        return Probe(kind, tuple(mark for mark in marks if mark is not None))

    def _wire(self, place: Place, text: str, *, inside: bool = False) -> int | None:
        closing = self.scopes.closing(place, inside=inside)
        if closing is None:
            return None
        key = (place[0], closing, text)
        if key not in self.wires:
            mark = self.wires[key] = self._mark()
            self.items.append((place[0], closing, mark, f"(* keep *) wire {WIRE}{mark} = {legal(text)};"))
        return self.wires[key]

    def applied(self, design: Design, dropped: set[int]) -> Instrumented:
        """The design with everything planned but what was dropped."""
        edits: dict[str, Edits] = {}

        def of(file: str) -> Edits:
            return edits.setdefault(file, Edits())

        for file, start, end in self.scopes.blanks:
            of(file).blank(start, end)
        for (file, start, end), bits in self.narrowed.items():
            of(file).surround(start, end, f"{bits}'(", ")")
        for file, start, end in self.scopes.claims:
            of(file).blank(start, end, last=b";")
        wraps = {reach: list(marks) for reach, marks in self.before.items()}
        for reach, (then, marks) in self.missing.items():
            kept = [each for each in marks if each[0] not in dropped]
            if kept:
                wraps.setdefault(then, [])
                of(reach[0]).append(reach[1], reach[2], " else begin ", kept, " end ")
        for reach, marks in self.behind.items():
            wraps.setdefault(reach, [])
            of(reach[0]).follow(reach[1], reach[2], [each for each in marks if each[0] not in dropped])
        for reach, marks in wraps.items():
            kept = [each for each in marks if each[0] not in dropped]
            of(reach[0]).wrap(reach[1], reach[2], kept)
        for file, offset, mark, text in self.items:
            if mark not in dropped:
                of(file).insert(offset, mark, text)
        places: dict[int, tuple[str, int]] = {}
        texts = {}
        for file, edit in edits.items():
            texts[file], lines = edit.apply(self.scopes.texts[file].decode("utf-8", "surrogatepass"))
            places |= {mark: (file, line) for mark, line in lines.items()}
        probes = {
            thing: replace(probe, instead=None) if probe.instead in dropped else probe
            for thing, probe in self.probes.items()
            if not dropped.intersection(probe.marks)
        }

        def edited(files: Iterable[object]) -> tuple[object, ...]:
            return tuple(
                replace(each, text=texts[each.name]) if each.name in texts else each  # type: ignore[attr-defined,type-var]
                for each in files
            )

        copy = replace(design, sources=edited(design.sources), headers=edited(design.headers))  # type: ignore[arg-type]
        return Instrumented(copy, probes, places)


def _one_line(text: str) -> str:
    """Source text without line comments and line breaks."""
    return " ".join(line.partition("//")[0] for line in text.split("\n"))


_SELECTED = re.compile(r"\[(\d+):(\d+)\]\[(\d+)\]")


def legal(text: str) -> str:
    """The simulator's words for an expression as SystemVerilog, which allows no bit of a part of a vector."""

    def selected(match: re.Match[str]) -> str:
        left, right, index = (int(number) for number in match.groups())
        return f"[{right + index if left >= right else right - index}]"

    return _SELECTED.sub(selected, text)
