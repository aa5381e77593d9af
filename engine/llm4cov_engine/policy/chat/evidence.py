"""What the simulator said of a testbench, as a prompt shows it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.blocks import extents
from llm4cov_engine.coverage.holes import HoleReason, holes
from llm4cov_engine.coverage.lines import line_numbers
from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.coverage.text import for_prompt
from llm4cov_engine.elaboration.records import Severity
from llm4cov_engine.policy.chat.sources import target_name
from llm4cov_engine.simulator.feedback import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llm4cov_engine.coverage.coverage import Coverage, TargetResult
    from llm4cov_engine.coverage.holes import Hole
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.elaboration.records import Problem
    from llm4cov_engine.policy.chat.detail import Detail
    from llm4cov_engine.simulator.feedback import Feedback
    from llm4cov_engine.testbench import Testbench

_MOST_PROBLEMS = 8
_AROUND = 1
"""Lines shown before and after one that an error points at."""

_LAST_LINES = 40
_BLOCK_LINES = 30
"""Lines of a block that an excerpt shows."""

_BLOCK_AROUND = 3


def failed(feedback: Feedback, testbench: Testbench, design: Design, detail: Detail) -> dict[str, object]:
    """Values for the prompt about a testbench that did not get as far as coverage."""
    problems = _first(feedback.problems)
    texts = {file.name: file.text for file in (*design.sources, *design.headers)}
    texts[testbench.name] = testbench.text
    return {
        "status": feedback.status.value,
        "problems": [_pointed_at(problem, texts) for problem in problems[:_MOST_PROBLEMS]],
        "more_problems": max(0, len(problems) - _MOST_PROBLEMS),
        # The compiler's words repeat the problems; a run's words come last.
        "log": "" if problems and _before_run(feedback) else _last_words(feedback.log, detail.log),
    }


def _before_run(feedback: Feedback) -> bool:
    return feedback.status in (Status.SCREENED_OUT, Status.COMPILE_FAILED)


def _first(problems: Sequence[Problem]) -> list[Problem]:
    """Errors, or warnings where there are none, each once."""
    errors = [problem for problem in problems if problem.severity is Severity.ERROR] or problems
    # What has no place is the compiler's remark that it gives up.
    return list(dict.fromkeys([problem for problem in errors if problem.span] or errors))


def _pointed_at(problem: Problem, texts: dict[str, str]) -> str:
    """A problem with the lines it points at."""
    span = problem.span
    lines = texts.get(span.file, "").split("\n") if span else []
    if span is None or not 0 < span.line <= len(lines):
        return str(problem)
    first, last = max(1, span.line - _AROUND), min(len(lines), span.line + _AROUND)
    shown = [
        f"{'>' if number == span.line else ' '}{number:>5} | {lines[number - 1]}".rstrip()
        for number in range(first, last + 1)
    ]
    return "\n".join([str(problem), *shown])


def _last_words(log: str, room: int) -> str:
    """The end of a log, repeated lines counted instead of repeated."""
    said: list[str] = []
    for line, group in groupby(log.rstrip().split("\n")):
        times = len(list(group))
        said.append(line if times == 1 else f"{line}  (repeated {times} times)")
    text = "\n".join(said[-_LAST_LINES:]).strip()
    return text if len(text) <= room else f"... {text[-room:]}"


def succeeded(feedback: Feedback, coverage: Coverage, design: Design, detail: Detail) -> dict[str, object]:
    """Values for the prompt about a testbench that runs."""
    missed = [hole for hole in holes(coverage, design) if hole.reason is HoleReason.UNCOVERED]
    return {
        "score": f"{100 * coverage.score:.1f} %",
        "hit": coverage.tally.hit,
        "total": coverage.tally.total,
        "metrics": [
            f"{metric.value.replace('_', ' ')}: {100 * tally.ratio:.1f} % ({tally.hit} of {tally.total})"
            for metric, tally in coverage.metrics.items()
            if tally.ratio is not None
        ],
        "targets": [_target(result) for result in coverage.results(design.targets)],
        "holes": for_prompt(missed, design, budget=detail.holes) if missed else "",
        "excerpts": excerpts(missed, coverage, design, detail.excerpts),
        "notes": feedback.notes,
    }


def _target(result: TargetResult) -> str:
    actual = "nothing to measure" if result.actual is None else f"{result.actual:.1f} %"
    state = "met" if result.met else "not met"
    return f"target: {result.target.percent:g} % {target_name(result.target)}, {state} ({actual})"


def excerpts(missed: Sequence[Hole], coverage: Coverage, design: Design, number: int) -> str:
    """Source around the most useful holes, with the lines marked that were missed.

    Args:
        missed: as `holes()` orders them.
        number: how many holes to show the surroundings of.
    """
    windows: dict[str, set[int]] = {}
    places = extents(design) if number else {}
    shown = 0
    for hole in missed:
        if shown == number or hole.is_hidden or hole.metric is Metric.TOGGLE:
            break
        held = windows.setdefault(hole.file, set())
        if hole.line not in held:
            shown += 1
        extent = places.get((hole.file, hole.line, hole.column))
        last = min(extent[1][0] if extent else hole.line, hole.line + _BLOCK_LINES)
        held.update(range(hole.line - _BLOCK_AROUND, last + _BLOCK_AROUND + 1))
    marked = _marked(coverage)
    texts = {file.name: file.text for file in (*design.sources, *design.headers)}
    parts = [
        f"{name}:\n```\n" + "\n".join(_lines(texts[name], lines, marked.get(name, set()))) + "\n```"
        for name, lines in windows.items()
        if name in texts and lines
    ]
    return "\n\n".join(parts)


def _marked(coverage: Coverage) -> dict[str, set[int]]:
    """Lines with a missed block or branch, by file."""
    found: dict[str, set[int]] = {}
    for point in coverage.points:
        if not point.hits and point.exclusion is None and point.metric in (Metric.LINE, Metric.BRANCH):
            # A branch point starts at its decision, which may well have run: it is marked all the same.
            found.setdefault(point.file, set()).update([point.line, *line_numbers(point.lines)])
    return found


def _lines(text: str, wanted: set[int], marked: set[int]) -> Iterator[str]:
    lines = text.rstrip().replace("\r\n", "\n").split("\n")
    previous = 0
    for number in sorted(wanted):
        if not 0 < number <= len(lines):
            continue
        if previous and number > previous + 1:
            yield "  ..."
        yield f"{'!' if number in marked else ' '}{number:>5} | {lines[number - 1]}".rstrip()
        previous = number
