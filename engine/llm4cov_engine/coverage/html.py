"""Coverage as one HTML file that needs no network: summary, instances, files, annotated source and holes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from llm4cov_engine.coverage.holes import Hole, HoleReason, holes
from llm4cov_engine.coverage.percent import percent
from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.coverage.text import describe, source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from jinja2 import Template

    from llm4cov_engine.coverage.coverage import Coverage, Tally
    from llm4cov_engine.coverage.point import Point
    from llm4cov_engine.design.design import Design

_FIRST_HOLES = 8
"""Holes shown on the summary."""

METRIC_TITLES = {
    Metric.LINE: "Line",
    Metric.BRANCH: "Branch",
    Metric.EXPRESSION: "Expression",
    Metric.TOGGLE: "Toggle",
    Metric.FSM_STATE: "FSM state",
    Metric.FSM_ARC: "FSM arc",
    Metric.USER: "Cover property",
}


@dataclass(frozen=True, slots=True)
class Run:
    """What the report says about the simulation, as plain values; "" and None are left out.

    Attributes:
        status: one of the statuses of a feedback; anything but "success" is shown as a warning.
        seconds: wall-clock seconds of the whole simulator call.
        made: when, in words; left out, equal runs give equal reports.
    """

    status: str = "success"
    simulator: str = ""
    testbench: str = ""
    seed: int | None = None
    seconds: float | None = None
    made: str = ""
    notes: tuple[str, ...] = ()


def html(design: Design, coverage: Coverage, run: Run | None = None) -> str:
    """The report's text.

    Args:
        design: gives sources, targets and names.
        coverage: of the whole design.
        run: about the simulation.
    """
    run = run or Run()
    found = holes(coverage, design)
    open_holes = [hole for hole in found if hole.reason is HoleReason.UNCOVERED]
    return _template().render(
        design=design,
        run=run,
        facts=_facts(design, coverage, run),
        score=coverage.score,
        tally=coverage.tally,
        rows=[(METRIC_TITLES[metric], tally) for metric, tally in coverage.metrics.items() if _any(tally)],
        targets=coverage.results(design.targets),
        first_holes=[(hole, describe(hole), source_of(hole, design)) for hole in open_holes[:_FIRST_HOLES]],
        titles=METRIC_TITLES,
        data=_script_data(_document(design, coverage, found)),
        css=_asset("report.css"),
        js=_asset("report.js"),
    )


def _any(tally: Tally) -> int:
    return tally.total or tally.unreachable or tally.waived


def _facts(design: Design, coverage: Coverage, run: Run) -> list[tuple[str, str]]:
    instance = coverage.root or design.instance
    called = f" ({coverage.simulated_as} in the simulation)" if coverage.simulated_as else ""
    facts = [
        ("Design", design.id),
        ("Top module", design.top),
        ("Measured", f"{instance} and below{called}"),
        ("Testbench", run.testbench),
        ("Simulator", run.simulator),
        ("Seed", "" if run.seed is None else str(run.seed)),
        ("Time", "" if run.seconds is None else f"{run.seconds:.2f} s"),
        ("Made", run.made),
    ]
    return [(name, value) for name, value in facts if value]


def _script_data(document: object) -> str:
    """JSON that cannot end the script element it stands in, whatever the RTL says."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class _Table:
    """Numbers values in the order they come."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def __call__(self, value: Hashable) -> int:
        return self._numbers.setdefault(value, len(self._numbers))

    @property
    def values(self) -> list[Any]:
        return list(self._numbers)


def _document(design: Design, coverage: Coverage, found: Sequence[Hole]) -> dict[str, object]:
    """What the script shows; rows are lists, their order is the script's `POINT` and `HOLE` constants."""
    metrics = list(Metric)
    names, paths, reasons = _Table(), _Table(), _Table()
    for file in (*design.sources, *design.headers):
        names(file.name)
    for path in coverage.instances:
        paths(path)
    hits_of = {point.identity: point.hits for point in coverage.per_instance}
    points = [_point(point, metrics, names, paths, reasons, hits_of) for point in coverage.points]
    rows = [
        [
            metrics.index(hole.metric),
            names(hole.file),
            hole.line,
            hole.column,
            [paths(path) for path in hole.instances],
            describe(hole),
            list(HoleReason).index(hole.reason),
            hole.because,
            hole.hides,
            int(hole.is_hidden),
            len(hole.points),
        ]
        for hole in found
    ]
    texts = {file.name: file.text for file in (*design.sources, *design.headers)}
    return {
        "metrics": [METRIC_TITLES[metric] for metric in metrics],
        "reasons": [reason.value for reason in HoleReason],
        "instances": [_part(path, part) for path, part in coverage.instances.items()],
        "paths": paths.values,
        "exclusions": reasons.values,
        "points": points,
        "holes": rows,
        "files": [
            {"text": texts.get(name), **_part(name, coverage.files.get(name))} for name in names.values
        ],
    }


def _point(
    point: Point,
    metrics: list[Metric],
    names: Callable[[Hashable], int],
    paths: Callable[[Hashable], int],
    reasons: Callable[[Hashable], int],
    hits_of: dict[tuple[str, ...], int],
) -> list[object]:
    head = point.identity[:5]
    exclusion = point.exclusion
    return [
        metrics.index(point.metric),
        names(point.file),
        point.line,
        point.column,
        point.what,
        point.lines,
        [paths(path) for path in point.instances],
        [hits_of[(*head, path)] for path in point.instances],
        reasons((exclusion.kind.value, exclusion.reason)) if exclusion else -1,
    ]


def _part(name: str, part: Coverage | None) -> dict[str, object]:
    if part is None:
        return {"name": name, "module": "", "score": None, "hit": 0, "total": 0, "metrics": []}
    return {
        "name": name,
        "module": part.module,
        "score": part.score if part.tally.total else None,
        "hit": part.tally.hit,
        "total": part.tally.total,
        "metrics": [[tally.hit, tally.total] for tally in part.metrics.values()],
    }


@cache
def _asset(name: str) -> str:
    from importlib.resources import files

    return files("llm4cov_engine.coverage").joinpath("templates", name).read_text("utf-8")


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("llm4cov_engine", "coverage/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = _percent
    return environment.get_template("report.html.j2")


def _percent(ratio: float | None) -> str:
    return "no points" if ratio is None else percent(ratio, decimals=2)
